"""What a WSGI server (gunicorn) runs."""

import gc
import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from config.logs import catch_what_python_prints

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

application = get_wsgi_application()
if not settings.DEBUG:
    catch_what_python_prints()

# What has been loaded stays; walking through it again and again would cost single requests fifty milliseconds.
gc.collect()
gc.freeze()
