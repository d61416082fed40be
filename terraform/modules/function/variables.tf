variable "architecture" {
  type        = string
  description = "Instruction set of the image: arm64 or x86_64."

  validation {
    condition     = contains(["arm64", "x86_64"], var.architecture)
    error_message = "architecture must be arm64 or x86_64; got ${var.architecture}."
  }
}

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

variable "environment" {
  type        = map(string)
  description = "Environment variables of the function."
  default     = {}
}

variable "image_uri" {
  type        = string
  description = "URI of the container image with its digest: <repository>@sha256:<64 hex digits>."

  validation {
    condition     = can(regex("^[^@]+@sha256:[0-9a-f]{64}$", var.image_uri))
    error_message = "image_uri must be <repository>@sha256:<64 hex digits>, so that it identifies exactly one image; got ${var.image_uri}."
  }
}

variable "log_retention_days" {
  type        = number
  description = "Days that logs are kept."
}

variable "memory_mb" {
  type        = number
  description = "Memory in MB, from 128 to 10,240. CPU is proportional: 1,769 MB correspond to one vCPU."

  validation {
    condition     = var.memory_mb >= 128 && var.memory_mb <= 10240 && floor(var.memory_mb) == var.memory_mb
    error_message = "memory_mb must be an integer from 128 to 10240; got ${var.memory_mb}."
  }
}

variable "name" {
  type        = string
  description = "Name of the function, its role and its log group."
}

variable "policy_json" {
  type        = string
  description = "IAM policy of the function's role as JSON, in addition to writing logs and traces."
}

variable "timeout_seconds" {
  type        = number
  description = "Timeout in seconds, from 10 to 35. The state machine waits for 40 seconds."

  validation {
    condition     = var.timeout_seconds >= 10 && var.timeout_seconds <= 35 && floor(var.timeout_seconds) == var.timeout_seconds
    error_message = "timeout_seconds must be an integer from 10 to 35; got ${var.timeout_seconds}."
  }
}
