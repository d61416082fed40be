variable "kept_images" {
  type        = number
  description = "Number of images that each repository keeps, newest first. It limits how far you can roll back."
  default     = 20

  validation {
    condition     = var.kept_images >= 2 && floor(var.kept_images) == var.kept_images
    error_message = "kept_images must be an integer of at least 2, so that a rollback is possible; got ${var.kept_images}."
  }
}

variable "repositories" {
  type = map(object({
    name         = string
    function_arn = string
  }))
  description = "Repositories by image: name, and ARN of the only function that Lambda may pull the image for."
}
