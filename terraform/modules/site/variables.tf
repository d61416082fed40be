variable "bucket_name" {
  type        = string
  description = "Name of the bucket, and of the page's other resources with a name that is unique in the account."
}

variable "certificate_arn" {
  type        = string
  description = "ARN of the certificate for domain_name, in ACM in us-east-1. null: CloudFront's certificate, without domain_name."
  default     = null

  validation {
    condition     = var.certificate_arn == null || can(regex("^arn:[a-z-]+:acm:us-east-1:[0-9]{12}:certificate/.+$", var.certificate_arn))
    error_message = "certificate_arn must be the ARN of an ACM certificate in us-east-1, as CloudFront requires, such as arn:aws:acm:us-east-1:123456789012:certificate/…"
  }

  validation {
    condition     = (var.certificate_arn == null) == (var.domain_name == null)
    error_message = "certificate_arn and domain_name must be set together."
  }
}

variable "config" {
  type        = any # texts, numbers and flags
  description = "Content of config.json; see web/src/config.ts."
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

variable "distribution_arns" {
  type        = list(string)
  description = "ARNs of other distributions that serve files of the page."
  default     = []
}

variable "domain_name" {
  type        = string
  description = "Custom domain of the page, such as photos.example.com. null: CloudFront's domain."
  default     = null

  validation {
    condition     = var.domain_name == null || can(regex("^([a-z0-9]([a-z0-9-]*[a-z0-9])?[.])+[a-z]{2,}$", var.domain_name))
    error_message = "domain_name must be a lowercase host name without a scheme, a path or *, such as photos.example.com."
  }
}

variable "headers" {
  type        = map(string)
  description = "Headers of all responses, by name; see workflow/site_headers.json.tftpl."

  validation {
    condition     = can(regex("^max-age=[0-9]+$", var.headers["Strict-Transport-Security"]))
    error_message = "headers must contain Strict-Transport-Security with max-age=<seconds> only."
  }

  validation {
    condition     = alltrue([for name in ["Content-Security-Policy", "Referrer-Policy"] : contains(keys(var.headers), name)])
    error_message = "headers must contain Content-Security-Policy and Referrer-Policy; got ${join(", ", keys(var.headers))}."
  }

  validation {
    condition     = try(var.headers["X-Content-Type-Options"], null) == "nosniff"
    error_message = "headers must contain X-Content-Type-Options: nosniff, the only valid value."
  }
}

variable "log_bucket" {
  type        = string
  description = "Name of the bucket for access logs, which have the prefix site/. null: no access logs."
  default     = null
}

variable "name" {
  type        = string
  description = "Name of the gallery, for comments and descriptions."
}

variable "price_class" {
  type        = string
  description = "CloudFront edge locations: PriceClass_100 (Europe and North America), PriceClass_200 (more regions) or PriceClass_All."
  default     = "PriceClass_100"

  validation {
    condition     = contains(["PriceClass_100", "PriceClass_200", "PriceClass_All"], var.price_class)
    error_message = "price_class must be PriceClass_100, PriceClass_200 or PriceClass_All; got ${var.price_class}."
  }
}
