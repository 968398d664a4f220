"""The model that every way of transferring returns: predict, save, load; and its card."""
