variable "architecture" {
  type        = string
  description = "Instruction set, which is the image's: arm64 or x86_64."

  validation {
    condition     = contains(["arm64", "x86_64"], var.architecture)
    error_message = "architecture must be arm64 or x86_64, got ${var.architecture}."
  }
}

variable "environment" {
  type        = map(string)
  description = "Environment variables: the settings that the code reads."
  default     = {}
}

variable "image_uri" {
  type        = string
  description = "Container image, pinned by digest: <repository>@sha256:<64 hex digits>."

  validation {
    condition     = can(regex("^[^@]+@sha256:[0-9a-f]{64}$", var.image_uri))
    error_message = "image_uri must be <repository>@sha256:<64 hex digits>, as `make push` records it, so that a deployment names exactly one image; got ${var.image_uri}."
  }
}

variable "log_retention_days" {
  type        = number
  description = "Days that logs are kept."
}

variable "memory_mb" {
  type        = number
  description = "Memory in MB, 128 to 10,240, and with it the share of a core: 1,769 MB are one."

  validation {
    condition     = var.memory_mb >= 128 && var.memory_mb <= 10240 && floor(var.memory_mb) == var.memory_mb
    error_message = "memory_mb must be a whole number from 128 to 10240, got ${var.memory_mb}."
  }
}

variable "name" {
  type        = string
  description = "Name of the function, of its role and of its log group."
}

variable "policy_json" {
  type        = string
  description = "What the function's role may do, beside writing its logs and traces."
}

variable "timeout_seconds" {
  type        = number
  description = "Longest that one invocation may run, in seconds: 10 to 35, since the state machine waits for 40."

  validation {
    condition     = var.timeout_seconds >= 10 && var.timeout_seconds <= 35 && floor(var.timeout_seconds) == var.timeout_seconds
    error_message = "timeout_seconds must be a whole number from 10 to 35, got ${var.timeout_seconds}."
  }
}
