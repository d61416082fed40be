variable "kept_images" {
  type        = number
  description = "Images that each repository keeps, the newest ones: as many deployments can be rolled back."
  default     = 20

  validation {
    condition     = var.kept_images >= 2 && floor(var.kept_images) == var.kept_images
    error_message = "kept_images must be a whole number from 2, so that one can roll back, got ${var.kept_images}."
  }
}

variable "repositories" {
  type = map(object({
    name         = string
    function_arn = string
  }))
  description = "Repositories by image: the name, and the ARN of the one function that Lambda may pull it for."
}
