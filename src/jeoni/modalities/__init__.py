"""What an example is: images, texts, audio, vectors; how each is decoded, varied, compared and shown."""
