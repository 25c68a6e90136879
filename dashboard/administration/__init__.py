"""Reference data as an administrator changes it: the same files, the same validator as `gridcommand check` and `import`.

Whatever is edited, a row in a form or a whole file, becomes the whole text of its file and is judged as that; what is
stored has passed. `editing` decides (no HTTP), `routes` answers the page.
"""

from dashboard.administration.routes import register

__all__ = ["register"]
