"""The ASGI application: `uvicorn provisor.site.asgi:application`. The engine is started by `provisor serve`."""

from django.core.asgi import get_asgi_application

from provisor.site.start import start

start()
application = get_asgi_application()
