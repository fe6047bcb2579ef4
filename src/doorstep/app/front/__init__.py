"""The front page, the public figures and the page of routes: what anybody sees who opens this network."""
