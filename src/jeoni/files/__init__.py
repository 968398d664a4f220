"""Files of users and of jeoni itself: opened safely, written whole, with names and cells that can be shown."""
