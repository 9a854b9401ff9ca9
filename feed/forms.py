from typing import Any, Self

from django import forms

from feed import idempotency, streams
from feed.log import PUBLIC
from feed.models import TEXT_LENGTH, Event


class TextField(forms.CharField):
    """Text of several lines, with its label as a placeholder."""

    def __init__(self, label: str) -> None:
        super().__init__(
            label=label,
            max_length=TEXT_LENGTH,
            widget=forms.Textarea(attrs={"rows": 2, "placeholder": label}),
            error_messages={"required": "Write something first."},
        )

    def to_python(self, value: Any) -> Any:
        # Browsers send a line break as two characters, and count it as one.
        return super().to_python(value and value.replace("\r\n", "\n"))

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        # For the script that counts. maxlength counts line breaks differently, and cuts off pasted text.
        return {"data-limit": str(self.max_length)}


class AudienceField(forms.ChoiceField):
    """One of the audiences that the user may post to. A form doesn't offer all if there are very many."""

    def __init__(self, user: Any, initial: str) -> None:
        self.user = user
        super().__init__(
            label="Who may see it",
            choices=lambda: streams.choices_for(user, initial),
            required=False,
            initial=initial,
            error_messages={"invalid_choice": "There is no audience '%(value)s' that you may post to."},
        )

    def valid_value(self, value: Any) -> bool:
        return value in streams.audiences_to_post(self.user)


class TextForm(forms.Form):
    text = TextField("Your text")


class EditForm(TextForm):
    """The author can change the text, and move the event to another audience. A comment has that of its thread."""

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        self.fields["audience"] = AudienceField(user, PUBLIC)

    def show(self, event: Any) -> None:
        self.initial = {"text": event.text}
        if event.in_thread is None:
            self.fields["audience"] = AudienceField(self.user, event.audience)
        else:
            del self.fields["audience"]

    def audience_of(self, event: Event) -> str:
        """The audience that the event is to have."""
        return ("audience" in self.fields and self.cleaned_data.get("audience")) or event.audience


class ComposeForm(TextForm):
    """A text that becomes one event, however often the form is sent."""

    # Without autocomplete: a page that is loaded again must have a new key.
    key = forms.CharField(
        required=False,
        validators=[idempotency.well_formed],
        initial=idempotency.new_key,
        widget=forms.HiddenInput(attrs={"autocomplete": "off"}),
    )

    def add_error(self, field: str | None, error: Any) -> None:
        """Show all errors beside the text, and replace a refused key."""
        super().add_error("text", error)
        if field == "key" or isinstance(error, idempotency.KeyReused):
            self.data = dict(self.data.items()) | {"key": idempotency.new_key()}

    def is_repeated(self, event: Event) -> bool:
        try:
            return idempotency.is_repeated(event, self.cleaned_data["key"])
        except idempotency.KeyReused as error:
            self.add_error("text", error)
            return False

    def emptied(self) -> Self:
        """The form for the next text."""
        return type(self)()

    def save(self, event: Event) -> None:
        try:
            idempotency.save(event, self.cleaned_data["key"])
        except idempotency.KeyReused as error:
            self.add_error("text", error)


class StatusForm(ComposeForm):
    text = TextField("What are you up to?")

    def __init__(self, *args: Any, user: Any, audience: str = PUBLIC) -> None:
        super().__init__(*args)
        self.user = user
        self.fields["audience"] = AudienceField(user, audience)

    def emptied(self) -> Self:
        """With the audience of the last text: the next one must not be public by mistake."""
        return type(self)(user=self.user, audience=self.cleaned_data["audience"] or PUBLIC)


class CommentForm(ComposeForm):
    text = TextField("What do you say to that?")
