"""What a thing can be pasted onto: where hands, mouths and other hosts are, and what they look like."""
