variable "cloudfront" {
  type        = object({ distribution_arns = list(string), prefix = optional(string, "") })
  description = "ARNs of the CloudFront distributions that may read the objects below prefix with their origin access control. null: none."
  default     = null
}

variable "cors" {
  type = object({
    allowed_headers = list(string)
    allowed_methods = list(string)
    expose_headers  = list(string)
    max_age_seconds = number
  })
  description = "What pages of cors_origins may do with the bucket: the headers and the methods of their requests (GET to read, POST and PUT to upload, DELETE to delete), and the headers of the answers that they can read."
  default     = null

  validation {
    condition     = var.cors == null ? true : alltrue([for method in var.cors.allowed_methods : contains(["DELETE", "GET", "HEAD", "POST", "PUT"], method)])
    error_message = "Each value in cors.allowed_methods must be DELETE, GET, HEAD, POST or PUT; got ${try(join(", ", var.cors.allowed_methods), "none")}."
  }

  # S3 refuses a wildcard here.
  validation {
    condition     = var.cors == null ? true : !anytrue([for header in var.cors.expose_headers : strcontains(header, "*")])
    error_message = "Each value in cors.expose_headers must be one header, without *; got ${try(join(", ", var.cors.expose_headers), "none")}."
  }
}

variable "cors_origins" {
  type        = list(string)
  description = "Origins of the pages that may use the bucket from a browser, such as https://photos.example.com."
  default     = []

  validation {
    condition     = !anytrue([for origin in var.cors_origins : strcontains(origin, "*")])
    error_message = "Each value in cors_origins must be one origin, without *; got ${join(", ", var.cors_origins)}."
  }

  validation {
    condition     = length(var.cors_origins) == 0 || try(length(var.cors.allowed_methods) > 0, false)
    error_message = "cors_origins requires cors: set the methods that ${join(", ", var.cors_origins)} may use."
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

variable "expiration_days" {
  type        = number
  description = "Days after which every object is deleted. null: never."
  default     = null

  validation {
    condition     = var.expiration_days == null ? true : var.expiration_days >= 1 && floor(var.expiration_days) == var.expiration_days
    error_message = "expiration_days must be an integer of at least 1; got ${coalesce(var.expiration_days, 0)}."
  }
}

variable "expiration_days_by_prefix" {
  type        = map(number)
  description = "Days after which the objects of a prefix are deleted, by prefix."
  default     = {}

  validation {
    condition     = alltrue([for days in values(var.expiration_days_by_prefix) : days >= 1 && floor(days) == days])
    error_message = "Each value in expiration_days_by_prefix must be an integer of at least 1; got ${jsonencode(var.expiration_days_by_prefix)}."
  }
}

variable "force_destroy" {
  type        = bool
  description = "Whether the bucket can be destroyed while it contains objects."
  default     = false
}

variable "kms_key_arn" {
  type        = string
  description = "ARN of the KMS key that encrypts objects. null: S3's own key."
  default     = null
}

variable "log_bucket" {
  type        = string
  description = "Name of the bucket for access logs, which have the prefix log_prefix. null: no access logs."
  default     = null
}

variable "log_prefix" {
  type        = string
  description = "Prefix of the keys of this bucket's access logs, such as photos/."
  default     = ""
}

variable "name" {
  type        = string
  description = "Name of the bucket."
}

variable "noncurrent_version_days" {
  type        = number
  description = "Days that a deleted or overwritten object can be restored. null: no versioning."
  default     = null

  validation {
    condition     = var.noncurrent_version_days == null ? true : var.noncurrent_version_days >= 1 && floor(var.noncurrent_version_days) == var.noncurrent_version_days
    error_message = "noncurrent_version_days must be an integer of at least 1; got ${coalesce(var.noncurrent_version_days, 0)}."
  }
}

variable "notify_eventbridge" {
  type        = bool
  description = "Whether S3 sends events to EventBridge when objects are created or deleted."
  default     = false
}

variable "policy_json" {
  type        = string
  description = "Statements of the bucket policy, in addition to the one that requires TLS."
  default     = null
}

variable "transition_days" {
  type        = map(number)
  description = "Days after which objects move to another storage class, by class."
  default     = {}
}
