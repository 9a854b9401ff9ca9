from typing import Any

from django import forms

from feed import idempotency
from feed.models import TEXT_LENGTH, Event


class TextField(forms.CharField):
    """Text of several lines; the label is shown as what to write."""

    def __init__(self, label: str) -> None:
        super().__init__(
            label=label,
            max_length=TEXT_LENGTH,
            widget=forms.Textarea(attrs={"rows": 2, "placeholder": label}),
            error_messages={"required": "Write something first."},
        )

    def to_python(self, value: Any) -> Any:
        # Browsers send the end of a line as two characters, and count one.
        return super().to_python(value and value.replace("\r\n", "\n"))

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        # Counted beside the field: maxlength would count otherwise, and cut off what is pasted.
        return {"data-limit": str(self.max_length)}


class TextForm(forms.Form):
    text = TextField("Your text")


class ComposeForm(TextForm):
    """A text that becomes an event once, however often the form is sent."""

    # Not to be filled in by the browser: a page that is loaded anew has a new key.
    key = forms.CharField(
        required=False,
        validators=[idempotency.well_formed],
        initial=idempotency.new_key,
        widget=forms.HiddenInput(attrs={"autocomplete": "off"}),
    )

    def add_error(self, field: str | None, error: Any) -> None:
        """Errors stand beside the text, where they are seen; and a key that is refused is replaced."""
        super().add_error("text", error)
        if field == "key" or isinstance(error, idempotency.KeyReused):
            self.data = dict(self.data.items()) | {"key": idempotency.new_key()}

    def is_repeated(self, event: Event) -> bool:
        try:
            return idempotency.is_repeated(event, self.cleaned_data["key"])
        except idempotency.KeyReused as error:
            self.add_error("text", error)
            return False

    def save(self, event: Event) -> None:
        try:
            idempotency.save(event, self.cleaned_data["key"])
        except idempotency.KeyReused as error:
            self.add_error("text", error)


class StatusForm(ComposeForm):
    text = TextField("What are you up to?")


class CommentForm(ComposeForm):
    text = TextField("What do you say to that?")
