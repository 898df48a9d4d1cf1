"""The desk's pages about who may use the hub: users, groups, tokens and failed logins."""

from typing import TYPE_CHECKING, Any, ClassVar

from axes.models import AccessAttempt
from django import forms
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.db.models import Model
from django.http import HttpRequest
from django.utils import timezone
from knox.models import get_digest_token
from knox.settings import CONSTANTS
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from profiles.desk.lists import HubAdmin, ReadOnlyAdmin, display
from profiles.desk.questions import AskedAdmin
from profiles.models import ApiToken, User
from profiles.models.access import ALL_SCOPES, SCOPES

if TYPE_CHECKING:
    TokenModelForm = forms.ModelForm[ApiToken]
else:
    TokenModelForm = forms.ModelForm


@admin.register(User)
class UserAdmin(AskedAdmin, DjangoUserAdmin):  # type: ignore[type-arg]  # not subscriptable when it runs
    """Staff and machine users. Who is not staff cannot enter here, whatever else they may do."""

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ("username", "first_name", "last_name", "staff", "active", "last_login")
    list_filter = ("is_staff", "is_superuser", "is_active")
    list_filter_submit = True
    ordering = ("username",)
    filter_horizontal = ("groups", "user_permissions")
    fieldsets = (*(DjangoUserAdmin.fieldsets or ()), ("API", {"fields": ("throttle",)}))

    @display(description="staff", boolean=True)
    def staff(self, user: User) -> bool:
        """Whether they may enter."""
        return user.is_staff

    @display(description="active", boolean=True)
    def active(self, user: User) -> bool:
        """Whether they may do anything at all."""
        return user.is_active


class TokenForm(TokenModelForm):
    """A new token's label, owner, scopes and end."""

    scopes = forms.MultipleChoiceField(
        choices=[(ALL_SCOPES, "everything"), *((scope, scope) for scope in SCOPES)],
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
    )

    class Meta:
        model = ApiToken
        fields = ("label", "user", "scopes", "expiry")

    def clean_scopes(self) -> list[str]:
        """Say "everything" alone where it is among the scopes."""
        scopes: list[str] = self.cleaned_data["scopes"]
        return [ALL_SCOPES] if ALL_SCOPES in scopes else scopes


@admin.register(ApiToken)
class ApiTokenAdmin(HubAdmin):
    """Bearer tokens. A new one is shown once; deleting one revokes it; nothing about one changes."""

    list_display = ("label", "starts_with", "user", "scope_labels", "created", "expiry", "is_valid")
    list_select_related = ("user",)
    list_filter = ("user",)
    ordering: ClassVar[Any] = ("-created", "pk")
    actions: Any = None
    search_fields = ("label", "user__username")
    readonly_fields = ("starts_with", "scopes_cell", "created")

    def get_fields(self, request: HttpRequest, obj: ApiToken | None = None) -> tuple[str, ...]:
        """Return what a new token needs, or all that is known of one."""
        if obj is None:
            return ("label", "user", "scopes", "expiry")
        return ("label", "starts_with", "user", "scopes_cell", "created", "expiry")

    def get_form(
        self,
        request: HttpRequest,
        obj: ApiToken | None = None,
        change: bool = False,  # noqa: FBT001, FBT002 Django's
        **kwargs: Any,
    ) -> type[TokenModelForm]:
        """Use the token's own form for a new one."""
        if obj is None:
            kwargs["form"] = TokenForm
        return super().get_form(request, obj, change, **kwargs)

    def has_change_permission(self, request: HttpRequest, obj: ApiToken | None = None) -> bool:
        """Nobody: another use is another token."""
        return False

    def save_model(self, request: HttpRequest, obj: ApiToken, form: object, change: bool) -> None:  # noqa: FBT001
        """Keep the token's hash, and show the token: nobody ever sees it again."""
        obj.digest, token = get_digest_token()
        obj.token_key = token[: CONSTANTS.TOKEN_KEY_LENGTH]
        obj.save(force_insert=True)
        self.message_user(request, f"Copy the token now, it is not shown again: {token}", messages.WARNING)

    @display(description="begins with")
    def starts_with(self, token: ApiToken) -> str:
        """Return the token's beginning, by which its holder may know it."""
        return f"{token.token_key}…"

    @display(description="scopes", label=True)
    def scope_labels(self, token: ApiToken) -> list[str]:
        """Return what it allows."""
        return ["everything" if scope == ALL_SCOPES else scope for scope in token.scopes]

    @display(description="scopes")
    def scopes_cell(self, token: ApiToken) -> str:
        """Return what it allows."""
        return ", ".join(self.scope_labels(token))

    @display(description="valid", boolean=True)
    def is_valid(self, token: ApiToken) -> bool:
        """Whether it still opens anything."""
        return token.expiry is None or token.expiry > timezone.now()


@admin.register(AccessAttempt)
class AccessAttemptAdmin(ReadOnlyAdmin):
    """Failed logins. Deleting an entry lets a locked-out person try again."""

    list_display = ("attempt_time", "username", "ip_address", "failures_since_start")
    fields = ("attempt_time", "username", "ip_address", "user_agent", "path_info", "failures_since_start")
    readonly_fields = fields
    search_fields = ("username", "ip_address")
    actions: Any = None

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Whoever has the permission."""
        return AskedAdmin.has_delete_permission(self, request, obj)
