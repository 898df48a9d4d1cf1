"""The desk's dress: its name, its icon and the menu at its side."""

from typing import Any, Final
from urllib.parse import quote

from django.urls import reverse_lazy


def _page(title: str, icon: str, model: str) -> dict[str, Any]:
    """Return a link of the admin's side bar, for those who may look at it."""
    app, name = model.split(".")
    return {
        "title": title,
        "icon": icon,
        "link": reverse_lazy(f"admin:{app}_{name}_changelist"),
        "permission": lambda request: request.user.has_perm(f"{app}.view_{name}"),
    }


# A dot with three around it; in the page itself, so that nothing is asked for.
_ICON: Final = "data:image/svg+xml," + quote(
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32" stroke="#9810fa" stroke-width="3" fill="#9810fa">'
    '<path d="M16 16 16 5M16 16 6 25M16 16 26 25"/><circle cx="16" cy="16" r="5"/><circle cx="16" cy="5" r="2"/>'
    '<circle cx="6" cy="25" r="2"/><circle cx="26" cy="25" r="2"/></svg>'
)

UNFOLD: Final[dict[str, Any]] = {
    "SITE_TITLE": "Profile Hub",
    "SITE_HEADER": "Profile Hub",
    "SITE_SYMBOL": "hub",
    "SITE_URL": None,
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": _ICON}],
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "DASHBOARD_CALLBACK": "batches.admin.dashboard.add_figures",
    "SIDEBAR": {
        "show_search": True,
        "command_search": True,
        "show_all_applications": False,
        "navigation": [
            {
                "items": [{"title": "Overview", "icon": "monitoring", "link": reverse_lazy("admin:index")}],
            },
            {
                "title": "Coming in",
                "items": [
                    _page("Batches", "inbox", "batches.batch"),
                    _page("Records", "list_alt", "batches.batchrecord"),
                    _page("Imports", "upload_file", "batches.import"),
                    {
                        "title": "Explain a record",
                        "icon": "help",
                        "link": reverse_lazy("explain"),
                        "permission": lambda request: request.user.has_perms(
                            ["batches.view_batchrecord", "profiles.view_profile"]
                        ),
                    },
                ],
            },
            {
                "title": "People",
                "items": [
                    _page("Profiles", "person", "profiles.profile"),
                    _page("Possible duplicates", "group", "profiles.duplicatecandidate"),
                    _page("Possibly several people", "call_split", "profiles.overmergealarm"),
                    _page("Tags", "sell", "profiles.tag"),
                    _page("Ledger", "history", "profiles.profilechange"),
                ],
            },
            {
                "title": "Reference data",
                "items": [
                    _page("Regions", "map", "profiles.region"),
                    _page("Countries", "public", "profiles.country"),
                    _page("Locations", "storefront", "profiles.location"),
                    _page("Statuses", "military_tech", "profiles.status"),
                    _page("Organisations", "corporate_fare", "profiles.organisation"),
                    _page("Roles", "badge", "profiles.roledefinition"),
                ],
            },
            {
                "title": "Rules about keys",
                "items": [
                    _page("Blocked values", "block", "profiles.blockedvalue"),
                    _page("Limits of identities", "format_list_numbered", "profiles.identitylimit"),
                ],
            },
            {
                "title": "Access",
                "items": [
                    _page("Users", "manage_accounts", "profiles.user"),
                    _page("Groups", "groups", "auth.group"),
                    _page("API tokens", "key", "profiles.apitoken"),
                    _page("Failed logins", "lock", "axes.accessattempt"),
                ],
            },
        ],
    },
}
