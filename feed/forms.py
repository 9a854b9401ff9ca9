from functools import cache
from hashlib import sha256
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
    """One of the audiences that the user may post to. If there are very many, the form offers some and a text input."""

    def __init__(self, user: Any, initial: str) -> None:
        self.user = user
        super().__init__(
            label="Who may see it",
            choices=cache(lambda: streams.choices_for(user, initial)),  # asked twice by the template
            required=False,
            initial=initial,
            error_messages={"invalid_choice": "There is no audience '%(value)s' that you may post to."},
        )

    @property
    def is_long(self) -> bool:
        """Whether a person must be able to type a name, because the form may not offer all."""
        choices: Any = self.choices
        return len(list(choices)) > streams.MAX_CHOICES

    def to_python(self, value: Any) -> str:
        if value == "":  # an emptied input; a program that names no audience sends none
            raise forms.ValidationError("Say who may see it.", code="required")
        return str(super().to_python(value))

    def valid_value(self, value: Any) -> bool:
        return value in streams.audiences_to_post(self.user)


class TextForm(forms.Form):
    text = TextField("Your text")


def version_of(text: str) -> str:
    """The same for equal texts. An edit says in it which text it started from."""
    return sha256(text.encode(errors="surrogatepass")).hexdigest()[:16]


class EditForm(TextForm):
    """The author can change the text, and move the event to another audience. A comment has that of its thread.

    theirs: the stored text, if it has been changed since the form was opened, and the form is therefore refused.
    """

    version = forms.CharField(required=False, widget=forms.HiddenInput(attrs={"autocomplete": "off"}))

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        self.theirs: str | None = None
        self.fields["audience"] = AudienceField(user, PUBLIC)

    def show(self, event: Any) -> None:
        self.initial = {"text": event.text, "version": version_of(event.text)}
        if event.in_thread is None:
            self.fields["audience"] = AudienceField(self.user, event.audience)
        else:
            del self.fields["audience"]

    def is_current(self, event: Any) -> bool:
        """Whether the form started from the stored text, or says the same. If not, it shows both texts and gets the
        version of the stored one, so that sending it again replaces that. A program needs no version."""
        stored = version_of(event.text)
        if self.cleaned_data["version"] in ("", stored) or self.cleaned_data["text"] == event.text:
            return True
        self.theirs = event.text
        self.data = dict(self.data.items()) | {"version": stored}
        self.add_error("text", "It was changed meanwhile, in another tab or by somebody else.")
        return False

    def audience_of(self, event: Event) -> str:
        """The audience that the event is to have."""
        return ("audience" in self.fields and self.cleaned_data.get("audience")) or event.audience


class ComposeForm(TextForm):
    """A text that becomes one event, however often the form is sent.

    saved: the id of that event, once the form is saved. The event may have been deleted since.
    """

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

    saved: int | None = None

    def save(self, event: Event) -> None:
        try:
            self.saved = idempotency.save(event, self.cleaned_data["key"]).event_id
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
