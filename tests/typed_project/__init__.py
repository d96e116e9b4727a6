"""A small site that uses all that the app offers to Python code: mypy checks it as strictly as the app itself."""
