from typing import Any

from django import forms

from feed.models import TEXT_LENGTH


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


class StatusForm(TextForm):
    text = TextField("What are you up to?")


class CommentForm(TextForm):
    text = TextField("What do you say to that?")
