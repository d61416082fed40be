variable "deployment" {
  type = object({
    account_id               = string
    dns_suffix               = string
    partition                = string
    region                   = string
    log_kms_key_arn          = optional(string)
    permissions_boundary_arn = optional(string)
    role_path                = optional(string, "/")
    tags                     = optional(map(string), {})
  })
  description = "What all resources of a deployment have in common: account, partition, region and domain of AWS; KMS key of the log groups; permissions boundary and path of the roles; tags."
}

variable "images_parameter" {
  type        = string
  description = "Name of the SSM parameter for the pushed images, such as /gallery/images."
}

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
