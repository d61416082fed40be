"""What builds the images, and ships in none of them."""
