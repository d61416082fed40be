variable "bucket_name" {
  type        = string
  description = "Name of the bucket, and of other resources with a name that is unique in the account."
}

variable "certificate_arn" {
  type        = string
  description = "ARN of the certificate for domain_name, in ACM in us-east-1. null: CloudFront's certificate, without domain_name."
  default     = null

  validation {
    condition     = (var.certificate_arn == null) == (var.domain_name == null)
    error_message = "certificate_arn and domain_name must be set together."
  }
}

variable "cors" {
  type = object({
    allowed_headers = list(string)
    allowed_methods = list(string)
    expose_headers  = list(string)
    max_age_seconds = number
  })
  description = "What the gallery's page may do with the bucket."
}

variable "cors_origins" {
  type        = list(string)
  description = "Origins of the pages that may share photos."
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

variable "domain_name" {
  type        = string
  description = "Custom domain of shared photos. null: CloudFront's domain."
  default     = null

  validation {
    condition     = var.domain_name == null || can(regex("^([a-z0-9]([a-z0-9-]*[a-z0-9])?[.])+[a-z]{2,}$", var.domain_name))
    error_message = "domain_name must be a lowercase host name without a scheme, a path or *, such as shared.example.com."
  }
}

variable "expiration_days" {
  type        = map(number)
  description = "Days after which shares expire, by the prefix of their keys, which begins with shares/."

  validation {
    condition     = alltrue([for prefix in keys(var.expiration_days) : can(regex("^shares/.+/$", prefix))])
    error_message = "Each prefix in expiration_days must be shares/<…>/; got ${join(", ", keys(var.expiration_days))}."
  }
}

variable "file_headers" {
  type        = map(string)
  description = "Headers of shared files, by name; see workflow/shares.json."

  validation {
    condition     = contains(split("; ", lookup(var.file_headers, "Content-Security-Policy", "")), "sandbox")
    error_message = "file_headers must contain a Content-Security-Policy with sandbox: users choose what these files are."
  }

  validation {
    condition     = lookup(var.file_headers, "X-Content-Type-Options", "") == "nosniff" && startswith(lookup(var.file_headers, "Content-Disposition", ""), "attachment")
    error_message = "file_headers must contain X-Content-Type-Options: nosniff and Content-Disposition: attachment."
  }
}

variable "log_bucket" {
  type        = string
  description = "Name of the bucket for access logs, which have the prefix shares/. null: no access logs."
  default     = null
}

variable "name" {
  type        = string
  description = "Name of the gallery, for comments and descriptions."
}

variable "page_headers" {
  type        = map(string)
  description = "Headers of the page that shows shares, by name; see workflow/site_headers.json.tftpl."
}

variable "price_class" {
  type        = string
  description = "CloudFront edge locations: PriceClass_100, PriceClass_200 or PriceClass_All."
  default     = "PriceClass_100"
}

variable "site_bucket_name" {
  type        = string
  description = "Name of the bucket with the files of the page."
}
