"""Korean, in the words of Korean engineers."""
