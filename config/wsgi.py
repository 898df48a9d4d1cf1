"""What a WSGI server (gunicorn) runs."""

import gc
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

application = get_wsgi_application()

# What has been loaded stays; walking through it again and again would cost single requests fifty milliseconds.
gc.collect()
gc.freeze()
