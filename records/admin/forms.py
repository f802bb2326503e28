"""Forms of the admin: errors beside the field, and no query a row."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AutocompleteSelect
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.forms.models import InlineForeignKeyField, construct_instance
from django.urls import reverse
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from records.edtf import EdtfError
from records.time import UncertainTime, UncertainTimeField

#: Parts of an uncertain time that are typed in; the bounds are computed.
TIME_PARTS = ("edtf", "precision", "phrase", "basis")
#: What stands beside them, under the heading of the time: a label and a help.
TIME_LABELS = {
    "edtf": (
        "EDTF",
        "2022-10-01, 2022-10, 2022-10-01T14:30Z, 2022-09~ (about), ../2022-10-01 (until).",
    ),
    "precision": ("Precision", "How finely it is known; derived from the text if left empty."),
    "phrase": ("Phrase", "The words that gave the time."),
    "basis": ("Basis", "What the time rests on."),
}


def times_of(model: type[models.Model]) -> list[UncertainTimeField]:
    """The uncertain times of a model."""
    return [field for field in vars(model).values() if isinstance(field, UncertainTimeField)]


def label_of(row: models.Model) -> str:
    """The text that tells a row apart from its namesakes: what its admin says, else its own."""
    model_admin = admin.site._registry.get(type(row))
    label = getattr(model_admin, "label", str)
    return str(label(row))


def marked(text: str) -> SafeString:
    """A help text whose `codes` are set as code."""
    return mark_safe(re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text)))  # noqa: S308


class Choice(AutocompleteSelect):
    """An autocomplete over the related admin's labels.

    A row that the form has loaded already is shown without asking the database again.
    """

    known: models.Model | None = None

    def get_url(self) -> str:
        related = self.field.remote_field.model._meta
        return reverse(f"admin:{related.app_label}_{related.model_name}_choices")

    def optgroups(self, name: str, value: list[str], attrs: Any = None) -> list[Any]:
        options = [] if self.is_required else [self.create_option(name, "", "", False, 0)]
        chosen = next((str(one) for one in value if one not in (None, "")), None)
        row = self.known
        if chosen is not None and (row is None or str(row.pk) != chosen):
            try:
                row = self._rows().filter(pk=chosen).first()
            except (ValidationError, ValueError):
                row = None
        if chosen is not None and row is not None:
            options.append(self.create_option(name, chosen, label_of(row), True, len(options)))
        return [(None, options, 0)]

    def _rows(self) -> models.QuerySet[Any]:
        """The rows to choose from, with what their labels read."""
        rows: models.QuerySet[Any] = self.choices.queryset
        shown_by = self.admin_site._registry.get(rows.model)
        return rows.select_related(*getattr(shown_by, "label_related", ()))


class Known(forms.ModelChoiceField):  # type: ignore[type-arg]
    """A choice of a row. The one that the page was made with is not asked for again."""

    known: models.Model | None = None

    def to_python(self, value: Any) -> Any:
        if self.known is not None and str(value) == str(self.known.pk):
            return self.known
        return super().to_python(value)


class JSONField(forms.JSONField):
    """JSON, with nothing shown as nothing."""

    def prepare_value(self, value: Any) -> Any:
        return "" if value is None else super().prepare_value(value)


class SpansField(forms.CharField):
    """Spans as people write them: `120-184, 201-230`."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"required": False, "max_length": 2000, **kwargs})

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, list):
            return ", ".join(f"{start}-{end}" for start, end in value)
        return value

    def to_python(self, value: Any) -> list[list[int]]:
        if isinstance(value, list):
            return value
        spans = []
        for part in str(value or "").split(","):
            if not part.strip():
                continue
            start, _, end = part.strip().partition("-")
            if not (start.strip().isdecimal() and end.strip().isdecimal()):
                raise ValidationError(f"{part.strip()} is no span: write them as 120-184, 201-230.")
            spans.append([int(start), int(end)])
        if any(end > 2**31 - 1 for span in spans for end in span):
            raise ValidationError("No text is that long.")
        return spans

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Whether other spans were written; none, and a page without the field, are the same."""
        try:
            return bool((initial or []) != self.to_python(data))
        except ValidationError:
            return True

    def validate(self, value: Any) -> None:
        """Nothing more: `to_python` has refused what is no span."""

    def run_validators(self, value: Any) -> None:
        """None: the validators of a text do not fit a list."""


class CuratedForm(forms.ModelForm):  # type: ignore[type-arg]
    """A form that shows what a constraint refuses at the first field that the constraint names."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            widget = getattr(field.widget, "widget", field.widget)
            if isinstance(widget, Choice):
                relation = self.instance._meta.get_field(name)
                if relation.is_cached(self.instance):
                    known = getattr(self.instance, name)
                    widget.known = field.known = known  # type: ignore[attr-defined]
        for time in times_of(self._meta.model):
            for part, (label, help_text) in TIME_LABELS.items():
                if (field := self.fields.get(f"{time.name}_{part}")) is not None:
                    field.label, field.help_text = label, help_text

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        for time in times_of(self._meta.model):
            names = [f"{time.name}_{part}" for part in TIME_PARTS]
            if all(name in self.fields and name not in self.errors for name in names):
                self._clean_time(time.name)
        return cleaned

    def _clean_time(self, name: str) -> None:
        parts = {part: self.cleaned_data[f"{name}_{part}"] or None for part in TIME_PARTS}
        if not any(parts.values()):
            return
        if parts["basis"] is None:
            self.add_error(f"{name}_basis", "Say what the time rests on.")
        try:
            UncertainTime.of(**parts)
        except EdtfError as error:
            self.add_error(f"{name}_edtf", str(error))
        except ValueError as error:
            part = "precision" if "precision" in str(error) else "phrase"
            self.add_error(f"{name}_{part}", str(error))

    def _post_clean(self) -> None:
        parents = {n for n, f in self.fields.items() if isinstance(f, InlineForeignKeyField)}
        adding = self.instance._state.adding
        as_before = set() if adding else set(self.fields) - set(self.changed_data)
        options = self._meta
        self.instance = construct_instance(self, self.instance, options.fields, options.exclude)
        try:
            self.instance.full_clean(
                exclude=self._get_validation_exclusions() | parents | as_before,
                validate_unique=False,
                validate_constraints=False,
            )
        except ValidationError as error:
            self._update_errors(error)
        if self.has_changed():
            self._check_constraints(parents)
        if self._validate_unique:
            self.validate_unique()

    def _check_constraints(self, parents: set[str]) -> None:
        """Ask the database about each constraint; those of a list as a whole are its formset's."""
        wrong = set(self.errors)
        for constraint in self.instance._meta.constraints:
            names = list(constrained_fields(constraint))
            if wrong & set(names) or "symmetric" in constraint.name:
                continue
            if isinstance(constraint, models.UniqueConstraint) and parents & set(names):
                continue
            try:
                constraint.validate(type(self.instance), self.instance)
            except ValidationError as error:
                shown = next((name for name in names if name in self.fields), None)
                self.add_error(None if shown in parents else shown, error.messages)


def constrained_fields(constraint: models.BaseConstraint) -> Iterator[str]:
    """The fields that a constraint names, in its order."""
    yield from getattr(constraint, "fields", ())
    condition = getattr(constraint, "condition", None)
    if condition is not None:
        yield from _named(condition)


def _named(node: Any) -> Iterator[str]:
    if isinstance(node, Q):
        for child in node.children:
            yield from _named(child)
    elif isinstance(node, tuple):
        yield node[0].split("__")[0]
        if not isinstance(node[1], tuple):
            yield from _named(node[1])
    elif isinstance(node, F):
        yield node.name
    elif hasattr(node, "get_source_expressions"):
        for expression in node.get_source_expressions():
            yield from _named(expression)


class SeenField(forms.CharField):
    """Remembers, hidden in a page, when the row shown was last changed."""

    widget = forms.HiddenInput

    def has_changed(self, initial: Any, data: Any) -> bool:
        return False


class RowForm(CuratedForm):
    """The form of a curated row. Refuses to overwrite what was saved since the page was shown."""

    seen = SeenField(required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.instance._state.adding:
            self.initial["seen"] = self.instance.updated_at.isoformat()

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        seen, now = self.cleaned_data.get("seen"), self.initial.get("seen")
        if seen and now and seen != now:
            self.add_error(
                None,
                "Somebody has changed this row since you opened the page. "
                "Open it again in another window, and enter your changes there.",
            )
        return cleaned


class NestedForm(RowForm):
    """The form of a row that lies under another of its kind."""

    def clean_parent(self) -> Any:
        parent = above = self.cleaned_data["parent"]
        while above is not None:
            if above.pk == self.instance.pk:
                raise ValidationError(f"{parent} lies under this one.")
            above = above.parent
        return parent


class ChildFormSet(forms.BaseInlineFormSet):  # type: ignore[type-arg]
    """Child rows of one parent: what must differ among them is compared with one another."""

    model: type[models.Model]

    def _construct_form(self, i: int, **kwargs: Any) -> Any:
        form = super()._construct_form(i, **kwargs)  # type: ignore[misc]
        setattr(form.instance, self.fk.name, self.instance)  # which forms look at
        return form

    def add_fields(self, form: Any, index: int | None) -> None:
        """Has the id of a row that the page was made with not asked for again."""
        super().add_fields(form, index)
        key = form.fields.get(self.model._meta.pk.name)  # type: ignore[union-attr]
        if isinstance(key, forms.ModelChoiceField) and form.instance.pk is not None:
            form.fields[self.model._meta.pk.name] = known = Known(  # type: ignore[union-attr]
                key.queryset, initial=key.initial, required=False, widget=key.widget
            )
            known.known = form.instance

    def validate_unique(self) -> None:
        for constraint in self.model._meta.constraints:
            if (
                isinstance(constraint, models.UniqueConstraint)
                and self.fk.name in constraint.fields
            ):
                self._check_unique(constraint)

    def _check_unique(self, constraint: models.UniqueConstraint) -> None:
        seen: set[tuple[Any, ...]] = set()
        names = [name for name in constraint.fields if name != self.fk.name]
        conditions: dict[str, Any] = dict(getattr(constraint.condition, "children", ()))
        for form in self.forms:
            row = form.instance
            empty = form.empty_permitted and not form.has_changed()
            if empty or not form.is_valid() or self._should_delete_form(form):
                continue
            if any(getattr(row, name) != value for name, value in conditions.items()):
                continue
            key = tuple(getattr(row, row._meta.get_field(name).attname) for name in names)
            if None in key and constraint.nulls_distinct is not False:
                continue
            if key in seen:
                form.add_error(names[0], "This stands in the list already.")
            seen.add(key)

    def save_existing_objects(self, commit: bool = True) -> list[Any]:
        """Deletes first and what becomes preferred last, so that no two are so at any moment."""
        count = self.initial_form_count()
        self.forms[:count] = sorted(
            self.forms[:count],
            key=lambda f: (
                not self._should_delete_form(f),
                getattr(f.instance, "preferred", False),
            ),
        )
        return super().save_existing_objects(commit=commit)


class LinkFormSet(ChildFormSet):
    """Links to other rows of the same kind. A symmetric one is stored from the lower id."""

    symmetric: tuple[str, ...] = ("same_as", "contradicts")

    def save_new(self, form: Any, commit: bool = True) -> Any:
        return self._save(super().save_new(form, commit=False), commit)

    def save_existing(self, form: Any, obj: Any, commit: bool = True) -> Any:
        return self._save(super().save_existing(form, obj, commit=False), commit)

    def _save(self, link: Any, commit: bool) -> Any:
        start = getattr(link, self.fk.attname)
        if link.kind in self.symmetric and start > link.target_id:
            setattr(link, self.fk.attname, link.target_id)
            link.target_id = start
        if commit:
            link.save()
        return link


class ChainFormSet(LinkFormSet):
    """Links some kinds of which lead one way: what would lead back to the row is refused."""

    #: Kinds that lead one way, each with the symmetric kind whose ends are one and the same to it.
    chains: Mapping[str, str | None] = {}

    def clean(self) -> None:
        super().clean()
        if self.instance._state.adding or not all(form.is_valid() for form in self.forms):
            return
        kept = [
            form
            for form in self.forms
            if form.cleaned_data and not self._should_delete_form(form)  # type: ignore[attr-defined]
        ]
        for kind, same in self.chains.items():
            changed = [
                form
                for form in kept
                if form.has_changed() and form.cleaned_data["kind"] in (kind, same)
            ]
            if changed and self._leads_back(kept, kind, same):
                changed[0].add_error(
                    "target",
                    f"Other links lead back from there: a chain of `{kind}` links has an end.",
                )

    def _leads_back(self, kept: list[Any], kind: str, same: str | None) -> bool:
        """Whether links of a kind, as they will be, lead from the row to itself."""
        start, here = self.fk.name, self.instance.pk
        typed = [(here, form.cleaned_data["kind"], form.cleaned_data["target"].pk) for form in kept]
        # Whether a link of the kind was followed goes with where one is.
        seen, waiting = {(here, False)}, {(here, False)}
        while waiting and (here, True) not in seen:
            ends = {end for end, _ in waiting}
            stored = self.model._default_manager.filter(
                Q(**{f"{start}__in": ends}, kind__in=[kind, same or kind])
                | Q(target__in=ends, kind=same or "")
            ).exclude(**{start: here})
            links = [*typed, *stored.values_list(f"{start}_id", "kind", "target_id")]
            steps = [(one, of, other) for one, of, other in links if of in (kind, same)]
            steps += [(other, of, one) for one, of, other in steps if of == same]
            waiting = {
                (other, moved or of == kind)
                for end, moved in waiting
                for one, of, other in steps
                if one == end
            } - seen
            seen |= waiting
        return (here, True) in seen
