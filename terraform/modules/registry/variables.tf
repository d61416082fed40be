variable "repositories" {
  type = map(object({
    name         = string
    function_arn = string
  }))
  description = "Repositories by image: name (which is also the name of the function), and ARN of the only function that Lambda may pull the image for."

  validation {
    condition     = alltrue([for repository in var.repositories : endswith(repository.function_arn, ":function:${repository.name}")])
    error_message = "Each repository must have the name of its function, which `make push` asks Lambda about; got ${join(", ", [for repository in var.repositories : "${repository.name} for ${repository.function_arn}"])}."
  }
}
