variable "cloudfront" {
  type        = object({ distribution_arn = string })
  description = "CloudFront distribution that may read the objects, by its origin access control; null: none."
  default     = null
}

variable "cors_methods" {
  type        = list(string)
  description = "Methods that pages of cors_origins may use: GET reads, POST and PUT upload, in parts too."
  default     = []

  validation {
    condition     = alltrue([for method in var.cors_methods : contains(["DELETE", "GET", "HEAD", "POST", "PUT"], method)])
    error_message = "Each of cors_methods must be DELETE, GET, HEAD, POST or PUT, got ${join(", ", var.cors_methods)}."
  }
}

variable "cors_origins" {
  type        = list(string)
  description = "Origins of the pages that a browser lets use the bucket, such as https://photos.example.com; none by default."
  default     = []

  validation {
    condition     = !anytrue([for origin in var.cors_origins : strcontains(origin, "*")])
    error_message = "Each of cors_origins must name one origin, without *, got ${join(", ", var.cors_origins)}."
  }

  validation {
    condition     = length(var.cors_origins) == 0 || length(var.cors_methods) > 0
    error_message = "cors_origins need cors_methods: what may ${join(", ", var.cors_origins)} do?"
  }
}

variable "expiration_days" {
  type        = number
  description = "Days after which every object is deleted; null: never."
  default     = null

  validation {
    condition     = var.expiration_days == null ? true : var.expiration_days >= 1 && floor(var.expiration_days) == var.expiration_days
    error_message = "expiration_days must be a whole number from 1, got ${coalesce(var.expiration_days, 0)}."
  }
}

variable "force_destroy" {
  type        = bool
  description = "Whether the bucket may be destroyed with objects in it."
  default     = false
}

variable "kms_key_arn" {
  type        = string
  description = "KMS key that encrypts objects; null: the key of S3 itself."
  default     = null
}

variable "log_bucket" {
  type        = string
  description = "Bucket that S3 writes access logs to, under the prefix log_prefix; null: no logs."
  default     = null
}

variable "log_prefix" {
  type        = string
  description = "What the keys of this bucket's access logs begin with, such as photos/."
  default     = ""
}

variable "name" {
  type        = string
  description = "Name of the bucket."
}

variable "noncurrent_version_days" {
  type        = number
  description = "Days that a deleted or overwritten object can still be brought back; null: the bucket keeps no versions."
  default     = null

  validation {
    condition     = var.noncurrent_version_days == null ? true : var.noncurrent_version_days >= 1 && floor(var.noncurrent_version_days) == var.noncurrent_version_days
    error_message = "noncurrent_version_days must be a whole number from 1, got ${coalesce(var.noncurrent_version_days, 0)}."
  }
}

variable "notify_eventbridge" {
  type        = bool
  description = "Whether S3 tells EventBridge of each object created and deleted."
  default     = false
}

variable "policy_json" {
  type        = string
  description = "Statements of the bucket's policy, beside the one that demands TLS."
  default     = null
}
