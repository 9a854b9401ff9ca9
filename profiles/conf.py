"""The settings of the profiles, with their defaults."""

from feed.conf import DEFAULTS

DEFAULTS |= {
    # How often logins with the same name may fail from one address.
    "LOGIN_LIMIT": "10/minute; 50/hour",
    # How often logins with any name may fail from one address.
    "LOGIN_ADDRESS_LIMIT": "100/hour",
    # How many users may sign up from one address.
    "SIGNUP_LIMIT": "300/hour",
    # How many events a user may report.
    "REPORT_LIMIT": "20/hour; 60/day",
    # How often a new password may be asked for by one e-mail address.
    "RESET_LIMIT": "5/hour; 20/day",
    # How often a user may upload a picture.
    "PICTURE_LIMIT": "30/hour",
}
