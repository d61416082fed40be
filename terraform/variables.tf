variable "alarm_email" {
  type        = string
  description = "Address that alarms are sent to, once it has confirmed the subscription; null sends none."
  default     = null
}

variable "api_access_logs" {
  type        = bool
  description = "Whether requests to the API are logged; the account then needs a CloudWatch role for API Gateway, which it has once for each region."
  default     = false
}

variable "architecture" {
  type        = string
  description = "Instruction set of the functions, and so of the images that were pushed: arm64 or x86_64."
  default     = "arm64"

  validation {
    condition     = contains(["arm64", "x86_64"], var.architecture)
    error_message = "architecture must be arm64 or x86_64, got ${var.architecture}."
  }
}

variable "certificate_arn" {
  type        = string
  description = "Certificate of domain_name, in ACM of us-east-1; null: CloudFront's own, without a domain_name."
  default     = null
}

variable "cors_origins" {
  type        = list(string)
  description = "Origins of other pages than the gallery's own that may upload and read photos, such as http://localhost:5173; none by default."
  default     = []

  validation {
    condition     = alltrue([for origin in var.cors_origins : can(regex("^https?://[A-Za-z0-9.-]+(:[0-9]+)?$", origin))])
    error_message = "Each of cors_origins must be a scheme and a host without a path or *, such as https://photos.example.com."
  }
}

variable "domain_name" {
  type        = string
  description = "Domain of the gallery's page, such as photos.example.com, which you point to the output site_domain; null: the one that CloudFront gives it."
  default     = null
}

variable "images" {
  type = object({
    extract   = object({ digest = string, architecture = string })
    thumbnail = object({ digest = string, architecture = string })
    tag       = object({ digest = string, architecture = string, label_model = bool })
  })
  description = "The pushed images, as `make push` records them in images.auto.tfvars.json: the digest, the architecture, and whether the tag image holds the label model."
  default     = null

  validation {
    condition = var.images == null ? true : alltrue([
      for image in var.images : can(regex("^sha256:[0-9a-f]{64}$", image.digest))
    ])
    error_message = "Each digest of images must be sha256:<64 hex digits>, as `make push` records it; got ${var.images == null ? "" : join(", ", [for image in var.images : image.digest])}."
  }
}

variable "keep_photos" {
  type        = bool
  description = "Whether buckets that hold objects, and the table, refuse to be destroyed."
  default     = true
}

variable "kms_key_arn" {
  type        = string
  description = "KMS key that encrypts buckets and table; null: keys that AWS manages."
  default     = null

  validation {
    condition     = var.kms_key_arn == null || can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/.+$", var.kms_key_arn))
    error_message = "kms_key_arn must be the ARN of a key (not of an alias), such as arn:aws:kms:eu-west-1:123456789012:key/…"
  }
}

variable "labeler" {
  type        = string
  description = "What labels photos: rekognition (Amazon Rekognition, paid by the photo), or embedded (the model inside an image built with LABELER=embedded)."
  default     = "rekognition"

  validation {
    condition     = contains(["embedded", "rekognition"], var.labeler)
    error_message = "labeler must be rekognition or embedded, got ${var.labeler}."
  }
}

variable "log_retention_days" {
  type        = number
  description = "Days that logs are kept, of S3 too: one of those that CloudWatch Logs knows, such as 7, 30, 90 or 365."
  default     = 30

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_days)
    error_message = "log_retention_days must be a number of days that CloudWatch Logs knows, such as 7, 30, 90 or 365, got ${var.log_retention_days}."
  }
}

variable "max_labels" {
  type        = number
  description = "Labels asked for, for each photo: 1 to 50."
  default     = 50

  validation {
    condition     = var.max_labels >= 1 && var.max_labels <= 50 && floor(var.max_labels) == var.max_labels
    error_message = "max_labels must be a whole number from 1 to 50, got ${var.max_labels}."
  }
}

variable "memory_mb" {
  type = object({
    extract   = optional(number, 512)
    thumbnail = optional(number, 1769)
    tag       = optional(number, 1769)
  })
  description = "Memory of each function in MB, and with it its share of a core: 1,769 MB are one. Extract reads the first bytes of a photo. Thumbnail and Tag decode it: 57 MB for a JPEG of 12 megapixels, 1,260 MB for the largest AVIF that is accepted (50 megapixels, 10 bit, 4:4:4)."
  default     = {}

  validation {
    condition     = var.memory_mb.thumbnail >= 1024
    error_message = "memory_mb.thumbnail must be 1024 or more, got ${var.memory_mb.thumbnail}: an AVIF of 20 megapixels takes 540 MB, one of 50 twice as much."
  }
}

variable "min_confidence" {
  type        = number
  description = "Per cent below which a label is not kept: 0 to 100."
  default     = 55

  validation {
    condition     = var.min_confidence >= 0 && var.min_confidence <= 100
    error_message = "min_confidence must be 0 to 100 per cent, got ${var.min_confidence}."
  }
}

variable "name" {
  type        = string
  description = "Begins the name of everything created; two deployments in one account and region need two."
  default     = "gallery"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,18}[a-z0-9]$", var.name))
    error_message = "name must be 2 to 20 of a-z, 0-9 and -, beginning with a letter and not ending in -, got ${var.name}."
  }
}

variable "noncurrent_version_days" {
  type        = number
  description = "Days that a deleted or overwritten photo can still be brought back, from 1."
  default     = 30

  validation {
    condition     = var.noncurrent_version_days >= 1 && floor(var.noncurrent_version_days) == var.noncurrent_version_days
    error_message = "noncurrent_version_days must be a whole number from 1, got ${var.noncurrent_version_days}."
  }
}

variable "price_class" {
  type        = string
  description = "Where CloudFront answers from: PriceClass_100 (Europe, North America), PriceClass_200 (more), PriceClass_All."
  default     = "PriceClass_100"
}

variable "region" {
  type        = string
  description = "AWS region; null: the one that AWS_REGION or the profile names."
  default     = null
}

variable "renditions" {
  type = map(object({
    fit       = string
    width_px  = number
    height_px = number
    format    = string
    quality   = number
  }))
  description = "Pictures made of each photo, by name: fit (inside: all of the photo; cover: its middle fills the box), the box in pixels, format (webp, jpeg, avif), and quality (1 to 100). Never enlarged."
  default = {
    thumb = { fit = "inside", width_px = 400, height_px = 400, format = "webp", quality = 80 }
    large = { fit = "inside", width_px = 1600, height_px = 1600, format = "webp", quality = 80 }
  }

  # The rules of images/thumbnail/renditions.py.
  validation {
    condition     = length(var.renditions) > 0
    error_message = "renditions must name at least one."
  }

  validation {
    condition     = alltrue([for name in keys(var.renditions) : can(regex("^[a-z0-9-]{1,32}$", name))])
    error_message = "Each name of renditions must be 1 to 32 of a-z, 0-9 and -, got ${join(", ", keys(var.renditions))}."
  }

  validation {
    condition     = alltrue([for rendition in var.renditions : contains(["cover", "inside"], rendition.fit)])
    error_message = "Each fit of renditions must be inside or cover, got ${join(", ", values(var.renditions)[*].fit)}."
  }

  validation {
    condition = alltrue([
      for side_px in concat(values(var.renditions)[*].width_px, values(var.renditions)[*].height_px) :
      side_px >= 1 && side_px <= 4096 && floor(side_px) == side_px
    ])
    error_message = "Each width_px and height_px of renditions must be a whole number from 1 to 4096, got ${join(", ", [for rendition in var.renditions : "${rendition.width_px} × ${rendition.height_px}"])}."
  }

  validation {
    condition     = alltrue([for rendition in var.renditions : contains(["avif", "jpeg", "webp"], rendition.format)])
    error_message = "Each format of renditions must be webp, jpeg or avif, got ${join(", ", values(var.renditions)[*].format)}."
  }

  validation {
    condition = alltrue([
      for rendition in var.renditions :
      rendition.quality >= 1 && rendition.quality <= 100 && floor(rendition.quality) == rendition.quality
    ])
    error_message = "Each quality of renditions must be a whole number from 1 to 100, got ${join(", ", values(var.renditions)[*].quality)}."
  }
}

variable "self_sign_up" {
  type        = bool
  description = "Whether anybody may make themselves an account; otherwise an administrator makes accounts."
  default     = false
}

variable "tags" {
  type        = map(string)
  description = "Tags of everything created, beside Application."
  default     = {}
}

variable "timeout_seconds" {
  type = object({
    extract   = optional(number, 30)
    thumbnail = optional(number, 30)
    tag       = optional(number, 30)
  })
  description = "Longest that one invocation of each function may run, in seconds: 10 to 35, since the state machine waits for 40."
  default     = {}
}
