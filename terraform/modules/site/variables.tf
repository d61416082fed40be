variable "bucket_name" {
  type        = string
  description = "Name of the bucket; what else of the page has a name in the account is named the same."
}

variable "certificate_arn" {
  type        = string
  description = "Certificate of domain_name, in ACM of us-east-1; null: CloudFront's own, without a domain_name."
  default     = null

  validation {
    condition     = var.certificate_arn == null || can(regex("^arn:[a-z-]+:acm:us-east-1:[0-9]{12}:certificate/.+$", var.certificate_arn))
    error_message = "certificate_arn must be of ACM in us-east-1, where CloudFront looks for it, such as arn:aws:acm:us-east-1:123456789012:certificate/…"
  }

  validation {
    condition     = (var.certificate_arn == null) == (var.domain_name == null)
    error_message = "certificate_arn and domain_name need each other: a domain is served with a certificate of its own."
  }
}

variable "config" {
  type        = map(string)
  description = "What config.json tells the page: web/src/config.ts."
}

variable "domain_name" {
  type        = string
  description = "Domain of the page, such as photos.example.com; null: the one that CloudFront gives it."
  default     = null

  validation {
    condition     = var.domain_name == null || can(regex("^([a-z0-9]([a-z0-9-]*[a-z0-9])?[.])+[a-z]{2,}$", var.domain_name))
    error_message = "domain_name must be a host in lower case without a scheme, a path or *, such as photos.example.com."
  }
}

variable "headers" {
  type        = map(string)
  description = "Headers of every answer, by name: workflow/site_headers.json.tftpl."

  validation {
    condition     = can(regex("^max-age=[0-9]+$", var.headers["Strict-Transport-Security"]))
    error_message = "headers must have Strict-Transport-Security, as max-age=<seconds> alone."
  }

  validation {
    condition     = alltrue([for name in ["Content-Security-Policy", "Referrer-Policy"] : contains(keys(var.headers), name)])
    error_message = "headers must have Content-Security-Policy and Referrer-Policy, got ${join(", ", keys(var.headers))}."
  }

  validation {
    condition     = try(var.headers["X-Content-Type-Options"], null) == "nosniff"
    error_message = "headers must have X-Content-Type-Options: nosniff, the only one that there is."
  }
}

variable "log_bucket" {
  type        = string
  description = "Bucket that S3 writes access logs to, under site/; null: no logs."
  default     = null
}

variable "name" {
  type        = string
  description = "What the page is of, for people."
}

variable "price_class" {
  type        = string
  description = "Where CloudFront answers from: PriceClass_100 (Europe, North America), PriceClass_200 (more), PriceClass_All."
  default     = "PriceClass_100"

  validation {
    condition     = contains(["PriceClass_100", "PriceClass_200", "PriceClass_All"], var.price_class)
    error_message = "price_class must be PriceClass_100, PriceClass_200 or PriceClass_All, got ${var.price_class}."
  }
}
