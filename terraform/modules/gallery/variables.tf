variable "account_id" {
  type        = string
  description = "AWS account of the provider, 12 digits. A value that a plan knows, such as that of a data source outside of the module: names of buckets contain it."

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "account_id must be the 12 digits of an AWS account; got ${var.account_id}."
  }
}

variable "adopted_bucket" {
  type = object({
    name        = string
    prefix      = optional(string, "")
    owner       = optional(string)
    kms_key_arn = optional(string)
    account_id  = optional(string)
  })
  description = "A bucket with photos that the gallery shows instead of one of its own, and only reads: name; prefix of the photos' keys, empty or folders that end in a slash; owner, the identity ID of the user that all photos belong to (null: the first folder below the prefix is the owner's identity ID); kms_key_arn, if a KMS key encrypts them; account_id, if it belongs to another account. The folders of the rest of a key are its album. It must be in the deployment's region. Cannot be set for a gallery that has photos. Afterwards run `python -m gallery adopt`."
  default     = null

  # The page requests objects at <bucket>.s3.<region>…, whose certificate covers no name with a dot.
  # https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html
  validation {
    condition     = var.adopted_bucket == null || can(regex("^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$", var.adopted_bucket.name))
    error_message = "adopted_bucket.name must be the name of a bucket without dots, 3 to 63 of a-z, 0-9 and -; got ${try(var.adopted_bucket.name, "null")}."
  }

  # Both are written into policies, patterns and expressions, where other characters have a meaning.
  validation {
    condition     = var.adopted_bucket == null || can(regex("^([A-Za-z0-9 !_.()+,=@:~-]+/)*$", var.adopted_bucket.prefix))
    error_message = "adopted_bucket.prefix must be empty, or folders of A-Z, a-z, 0-9, space and !_.()+,=@:~- that end in a slash, such as photos/; got ${try(var.adopted_bucket.prefix, "null")}."
  }

  # Expressions are joined by single spaces: definitions.tf.
  validation {
    condition     = !can(regex("  ", var.adopted_bucket.prefix))
    error_message = "adopted_bucket.prefix must not have two spaces side by side; got ${jsonencode(try(var.adopted_bucket.prefix, null))}."
  }

  # The gallery writes into its other buckets, and Terraform would destroy the one of the photos.
  validation {
    condition = !try(contains([
      for content in ["derived", "logs", "photos", "shares", "site"] :
      "${var.name}-${content}-${var.account_id}-${var.region}"
    ], var.adopted_bucket.name), false)
    error_message = "adopted_bucket.name must not be one of the gallery's own buckets; got ${try(var.adopted_bucket.name, "null")}."
  }

  validation {
    condition     = try(var.adopted_bucket.owner, null) == null || can(regex("^[A-Za-z0-9 !_.()+,=@:~-]{1,128}$", var.adopted_bucket.owner))
    error_message = "adopted_bucket.owner must be the identity ID of a user, such as eu-west-1:1234abcd-12ab-34cd-56ef-1234567890ab; got ${try(coalesce(var.adopted_bucket.owner, "null"), "null")}."
  }

  validation {
    condition     = try(var.adopted_bucket.kms_key_arn, null) == null || can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/.+$", var.adopted_bucket.kms_key_arn))
    error_message = "adopted_bucket.kms_key_arn must be the ARN of a key (not of an alias), such as arn:aws:kms:eu-west-1:123456789012:key/…"
  }

  validation {
    condition     = try(var.adopted_bucket.account_id, null) == null || can(regex("^[0-9]{12}$", var.adopted_bucket.account_id))
    error_message = "adopted_bucket.account_id must have 12 digits; got ${try(coalesce(var.adopted_bucket.account_id, "null"), "null")}."
  }
}

variable "alarm_email" {
  type        = string
  description = "Email address for alarms. AWS emails a confirmation link to it first. null: no emails."
  default     = null
}

variable "alarms" {
  type        = bool
  description = "Whether there are alarms, and a topic that they are published to. false: the dashboard and the watch of photos that stay PROCESSING remain."
  default     = true

  validation {
    condition     = var.alarms || var.alarm_email == null || var.budget != null
    error_message = "alarm_email requires alarms = true or a budget: nothing else writes to it."
  }
}

variable "api_access_logs" {
  type        = bool
  description = "Whether requests to the API are logged. The account must have a CloudWatch role for API Gateway in the region."
  default     = false

  validation {
    condition     = !var.api_access_logs || var.client
    error_message = "api_access_logs = true requires client = true: without it there is no API."
  }
}

variable "architecture" {
  type        = string
  description = "Instruction set of the functions: arm64 or x86_64. The pushed images must match."
  default     = "arm64"

  validation {
    condition     = contains(["arm64", "x86_64"], var.architecture)
    error_message = "architecture must be arm64 or x86_64; got ${var.architecture}."
  }
}

variable "budget" {
  type = object({
    usd_per_month = number
    tag           = optional(object({ key = string, value = string }))
  })
  description = "Monthly costs in US dollars at which AWS Budgets emails alarm_email: at 80 % of them, and if the forecast exceeds them. With tag, only costs of resources with this tag count, once it is activated as a cost allocation tag; without, all costs of the account. null: no budget."
  default     = null

  validation {
    condition     = var.budget == null || try(var.budget.usd_per_month > 0, false)
    error_message = "budget.usd_per_month must be more than 0."
  }

  validation {
    condition     = var.budget == null || var.alarm_email != null
    error_message = "budget requires alarm_email, which AWS Budgets writes to."
  }
}

variable "certificate_arn" {
  type        = string
  description = "ARN of the certificate for domain_name and shares_domain_name, in ACM in us-east-1. null: CloudFront's certificate, without domain_name."
  default     = null
}

variable "client" {
  type        = bool
  description = "Whether there are users: a user pool, an identity pool with the role of signed-in users, and the API. The page requires it. false: other systems upload to the bucket, and read the table, with roles of their own."
  default     = true
}

variable "cors_origins" {
  type        = list(string)
  description = "Origins of additional pages that may upload and read photos, such as http://localhost:5173."
  default     = []

  validation {
    condition     = alltrue([for origin in var.cors_origins : can(regex("^https?://[A-Za-z0-9.-]+(:[0-9]+)?$", origin))])
    error_message = "Each value in cors_origins must be a scheme and a host without a path or *, such as https://photos.example.com."
  }
}

variable "delete_for_good" {
  type        = bool
  description = "Whether users can delete photos for good before noncurrent_version_days have passed. false: nobody who has stolen a session can; photos are then restored as copies."
  default     = true
}

variable "domain_name" {
  type        = string
  description = "Custom domain of the gallery's page, such as photos.example.com. Create a DNS record from it to the output site_domain. null: CloudFront's domain."
  default     = null
}

variable "events" {
  type        = bool
  description = "Whether the account's default event bus gets an event when a photo becomes READY, REJECTED, FAILED or DELETED, for other systems. Its source is the name of the deployment."
  default     = true
}

variable "images" {
  type = object({
    extract   = object({ digest = string, architecture = string })
    thumbnail = object({ digest = string, architecture = string })
    tag       = object({ digest = string, architecture = string, label_model = bool })
  })
  description = "Images to deploy instead of those that `make push` pushed last: digest, architecture, and whether the tag image contains the label model. null: the pushed ones, which the output images_parameter names."
  default     = null

  validation {
    condition = var.images == null ? true : alltrue([
      for image in var.images : can(regex("^sha256:[0-9a-f]{64}$", image.digest))
    ])
    error_message = "Each digest in images must be sha256:<64 hex digits>, as the registry serves it; got ${var.images == null ? "" : join(", ", [for image in var.images : image.digest])}."
  }
}

variable "keep_copyright" {
  type        = bool
  description = "Whether the renditions state the photo's creator and copyright, if its file does. They never have any other metadata. After a change, run `make reprocess` for the photos that are already there."
  default     = false
}

variable "keep_photos" {
  type        = bool
  description = "Whether the table, the user pool, and buckets that contain objects are protected from destruction."
  default     = true
}

variable "kms_key_arn" {
  type        = string
  description = "ARN of the KMS key that encrypts the buckets and the table. null: keys managed by AWS."
  default     = null

  validation {
    condition     = var.kms_key_arn == null || can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/.+$", var.kms_key_arn))
    error_message = "kms_key_arn must be the ARN of a key (not of an alias), such as arn:aws:kms:eu-west-1:123456789012:key/…"
  }
}

variable "labeler" {
  type        = string
  description = "How photos are labeled: rekognition (Amazon Rekognition, charged for each photo) or embedded (the label model in an image built with LABELER=embedded)."
  default     = "rekognition"

  validation {
    condition     = contains(["embedded", "rekognition"], var.labeler)
    error_message = "labeler must be rekognition or embedded; got ${var.labeler}."
  }
}

variable "log_retention_days" {
  type        = number
  description = "Days that logs are kept, including S3 access logs. CloudWatch Logs supports certain values only, such as 7, 30, 90 and 365."
  default     = 30

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_days)
    error_message = "log_retention_days must be a value that CloudWatch Logs supports, such as 7, 30, 90 or 365; got ${var.log_retention_days}."
  }
}

variable "logs_kms_key_arn" {
  type        = string
  description = "ARN of the KMS key that encrypts the log groups. Its policy must allow CloudWatch Logs to use it: docs/terraform.md. null: keys of CloudWatch Logs."
  default     = null

  validation {
    condition     = var.logs_kms_key_arn == null || can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/.+$", var.logs_kms_key_arn))
    error_message = "logs_kms_key_arn must be the ARN of a key (not of an alias), such as arn:aws:kms:eu-west-1:123456789012:key/…"
  }
}

variable "logs_transition_days" {
  type        = map(number)
  description = "Days after which access logs and the results of backfills and reprocessings move to another storage class, by class, such as { STANDARD_IA = 30 }. Fewer than log_retention_days."
  default     = {}

  validation {
    condition     = alltrue([for class in keys(var.logs_transition_days) : contains(["GLACIER_IR", "INTELLIGENT_TIERING", "ONEZONE_IA", "STANDARD_IA"], class)])
    error_message = "Each storage class in logs_transition_days must be GLACIER_IR, INTELLIGENT_TIERING, ONEZONE_IA or STANDARD_IA, from which S3 reads at once; got ${join(", ", keys(var.logs_transition_days))}."
  }

  # https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-transition-general-considerations.html
  validation {
    condition = alltrue([
      for class, days in var.logs_transition_days :
      days >= (endswith(class, "_IA") ? 30 : 1) && floor(days) == days
    ])
    error_message = "Each number of days in logs_transition_days must be an integer of at least 1, and of at least 30 for STANDARD_IA and ONEZONE_IA; got ${jsonencode(var.logs_transition_days)}."
  }

  validation {
    condition = try(alltrue([
      for pair in setproduct(keys(var.logs_transition_days), keys(var.logs_transition_days)) :
      index(local.storage_classes, pair[0]) >= index(local.storage_classes, pair[1])
      || var.logs_transition_days[pair[1]] - var.logs_transition_days[pair[0]] >= (endswith(pair[0], "_IA") ? 30 : 1)
    ]), true)
    error_message = "Storage classes in logs_transition_days must follow each other as ${join(", ", local.storage_classes)}, 30 days or more after STANDARD_IA and ONEZONE_IA; got ${jsonencode(var.logs_transition_days)}."
  }

  validation {
    condition     = alltrue([for days in values(var.logs_transition_days) : days < var.log_retention_days])
    error_message = "Each number of days in logs_transition_days must be less than log_retention_days, which is ${var.log_retention_days}."
  }
}

variable "map_tiles_attribution" {
  type        = string
  description = "Text on the map that names whose tiles it shows, as their license requires, such as © OpenStreetMap contributors. Must be set together with map_tiles_url."
  default     = null

  validation {
    condition     = (var.map_tiles_attribution == null) == (var.map_tiles_url == null)
    error_message = "map_tiles_attribution and map_tiles_url must be set together."
  }
}

variable "map_tiles_url" {
  type        = string
  description = "Tile server of the map, in Web Mercator with tiles of 256 pixels: an https URL with {z}, {x} and {y}, such as https://tile.example.org/{z}/{x}/{y}.png. It sees the numbers of the tiles that a user looks at, the user's IP address, and the origin of the page. null: the map shows the page's own shapes of land, and asks nobody."
  default     = null

  validation {
    condition     = var.map_tiles_url == null || can(regex("^https://[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]+)?/([^{}\\s]|[{][xyz][}])*$", coalesce(var.map_tiles_url, "-")))
    error_message = "map_tiles_url must be https with a lowercase host and, behind it, no braces but {z}, {x} and {y}, such as https://tile.example.org/{z}/{x}/{y}.png; got ${coalesce(var.map_tiles_url, "null")}."
  }

  validation {
    condition     = var.map_tiles_url == null || alltrue([for name in ["{z}", "{x}", "{y}"] : length(split(name, coalesce(var.map_tiles_url, "-"))) == 2])
    error_message = "map_tiles_url must contain each of {z}, {x} and {y} once, such as https://tile.example.org/{z}/{x}/{y}.png; got ${coalesce(var.map_tiles_url, "null")}."
  }
}

variable "max_labels" {
  type        = number
  description = "Maximum number of labels for each photo, from 1 to 50."
  default     = 50

  validation {
    condition     = var.max_labels >= 1 && var.max_labels <= 50 && floor(var.max_labels) == var.max_labels
    error_message = "max_labels must be an integer from 1 to 50; got ${var.max_labels}."
  }
}

variable "memory_mb" {
  type = object({
    extract   = optional(number)
    thumbnail = optional(number)
    tag       = optional(number)
  })
  description = "Memory of each function in MB. Defaults: workflow/memory_mb.json, 512 for extract and 1,769 for thumbnail and tag, which corresponds to one vCPU; CPU is proportional. Extract reads the first bytes of a photo. Thumbnail and Tag decode it, which takes 95 MB for a JPEG of 12 megapixels and up to 1,730 MB for the largest files that are accepted, so they may not have less."
  default     = {}

  validation {
    condition = alltrue([
      for step in ["thumbnail", "tag"] :
      coalesce(var.memory_mb[step], local.default_memory_mb[step]) >= local.default_memory_mb[step]
    ])
    error_message = "memory_mb.thumbnail must be at least ${local.default_memory_mb.thumbnail} and memory_mb.tag at least ${local.default_memory_mb.tag}; got ${jsonencode(var.memory_mb)}. Less does not suffice for the largest files that are accepted (docs/performance.md, Limits)."
  }
}

variable "min_confidence" {
  type        = number
  description = "Minimum confidence of a label in percent, from 0 to 100."
  default     = 55

  validation {
    condition     = var.min_confidence >= 0 && var.min_confidence <= 100
    error_message = "min_confidence must be from 0 to 100 percent; got ${var.min_confidence}."
  }
}

variable "name" {
  type        = string
  description = "Prefix of the names of all resources. Must be unique for each deployment in the same account and region."
  default     = "gallery"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,18}[a-z0-9]$", var.name))
    error_message = "name must be 2 to 20 characters from a-z, 0-9 and -, must begin with a letter and must not end with -; got ${var.name}."
  }
}

variable "noncurrent_version_days" {
  type        = number
  description = "Days that a deleted or overwritten photo can be restored, at least 1."
  default     = 30

  validation {
    condition     = var.noncurrent_version_days >= 1 && floor(var.noncurrent_version_days) == var.noncurrent_version_days
    error_message = "noncurrent_version_days must be an integer of at least 1; got ${var.noncurrent_version_days}."
  }
}

variable "permissions_boundary_arn" {
  type        = string
  description = "ARN of the policy that is the permissions boundary of every role. null: none."
  default     = null

  validation {
    condition     = var.permissions_boundary_arn == null || can(regex("^arn:[a-z-]+:iam::([0-9]{12}|aws):policy/.+$", var.permissions_boundary_arn))
    error_message = "permissions_boundary_arn must be the ARN of an IAM policy, such as arn:aws:iam::123456789012:policy/boundary; got ${coalesce(var.permissions_boundary_arn, "null")}."
  }
}

variable "photos_transition_days" {
  type        = map(number)
  description = "Days after which originals move to another storage class, by class, such as { STANDARD_IA = 30, GLACIER_IR = 90 }. Photos are read again by reprocessings, and whenever somebody downloads one, which these classes charge for. S3 leaves objects below 128 KB where they are."
  default     = {}

  validation {
    condition     = alltrue([for class in keys(var.photos_transition_days) : contains(["GLACIER_IR", "INTELLIGENT_TIERING", "ONEZONE_IA", "STANDARD_IA"], class)])
    error_message = "Each storage class in photos_transition_days must be GLACIER_IR, INTELLIGENT_TIERING, ONEZONE_IA or STANDARD_IA, from which S3 reads at once; got ${join(", ", keys(var.photos_transition_days))}."
  }

  # https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-transition-general-considerations.html
  validation {
    condition = alltrue([
      for class, days in var.photos_transition_days :
      days >= (endswith(class, "_IA") ? 30 : 1) && floor(days) == days
    ])
    error_message = "Each number of days in photos_transition_days must be an integer of at least 1, and of at least 30 for STANDARD_IA and ONEZONE_IA; got ${jsonencode(var.photos_transition_days)}."
  }

  validation {
    condition = try(alltrue([
      for pair in setproduct(keys(var.photos_transition_days), keys(var.photos_transition_days)) :
      index(local.storage_classes, pair[0]) >= index(local.storage_classes, pair[1])
      || var.photos_transition_days[pair[1]] - var.photos_transition_days[pair[0]] >= (endswith(pair[0], "_IA") ? 30 : 1)
    ]), true)
    error_message = "Storage classes in photos_transition_days must follow each other as ${join(", ", local.storage_classes)}, 30 days or more after STANDARD_IA and ONEZONE_IA; got ${jsonencode(var.photos_transition_days)}."
  }

  validation {
    condition     = length(var.photos_transition_days) == 0 || var.adopted_bucket == null
    error_message = "photos_transition_days is of the gallery's own bucket. An adopted bucket is never changed: set its lifecycle rules there."
  }
}

variable "price_class" {
  type        = string
  description = "CloudFront edge locations: PriceClass_100 (Europe and North America), PriceClass_200 (more regions) or PriceClass_All."
  default     = "PriceClass_100"
}

variable "queue_kms_key_arn" {
  type        = string
  description = "ARN of the KMS key that encrypts the dead-letter queue. Its policy must allow EventBridge to use it: docs/terraform.md. null: SQS's own key."
  default     = null

  validation {
    condition     = var.queue_kms_key_arn == null || can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/.+$", var.queue_kms_key_arn))
    error_message = "queue_kms_key_arn must be the ARN of a key (not of an alias), such as arn:aws:kms:eu-west-1:123456789012:key/…"
  }
}

variable "region" {
  type        = string
  description = "AWS region of the provider. A value that a plan knows: names of buckets contain it."

  validation {
    condition     = can(regex("^[a-z]+(-[a-z]+)+-[0-9]+$", var.region))
    error_message = "region must be the name of an AWS region, such as eu-west-1; got ${var.region}."
  }
}

variable "rekognition_regions" {
  type        = list(string)
  description = "Regions with Amazon Rekognition. With labeler = rekognition, a deployment to any other region is refused."
  default = [
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-southeast-5",
    "ap-southeast-7",
    "ca-central-1",
    "eu-central-1",
    "eu-south-2",
    "eu-west-1",
    "eu-west-2",
    "il-central-1",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-gov-west-1",
    "us-west-1",
    "us-west-2",
  ]
}

variable "renditions" {
  type = map(object({
    fit       = string
    width_px  = number
    height_px = number
    format    = string
    quality   = number
  }))
  description = "Renditions of each photo, by name: fit (inside: the whole photo within the box; cover: the center of the photo fills the box), width and height of the box in pixels, format (webp, jpeg or avif) and quality (1 to 100). Photos are never enlarged."
  default = {
    thumb = { fit = "inside", width_px = 400, height_px = 400, format = "webp", quality = 80 }
    large = { fit = "inside", width_px = 1600, height_px = 1600, format = "webp", quality = 80 }
  }

  # images/thumbnail/renditions.py has the same rules.
  validation {
    condition     = length(var.renditions) > 0
    error_message = "renditions must contain at least one rendition."
  }

  validation {
    condition     = alltrue([for name in keys(var.renditions) : can(regex("^[a-z0-9-]{1,32}$", name))])
    error_message = "Each name in renditions must be 1 to 32 characters from a-z, 0-9 and -; got ${join(", ", keys(var.renditions))}."
  }

  validation {
    condition     = alltrue([for rendition in var.renditions : contains(["cover", "inside"], rendition.fit)])
    error_message = "Each fit in renditions must be inside or cover; got ${join(", ", values(var.renditions)[*].fit)}."
  }

  validation {
    condition = alltrue([
      for side_px in concat(values(var.renditions)[*].width_px, values(var.renditions)[*].height_px) :
      side_px >= 1 && side_px <= 4096 && floor(side_px) == side_px
    ])
    error_message = "Each width_px and height_px in renditions must be an integer from 1 to 4096; got ${join(", ", [for rendition in var.renditions : "${rendition.width_px} × ${rendition.height_px}"])}."
  }

  validation {
    condition     = alltrue([for rendition in var.renditions : contains(["avif", "jpeg", "webp"], rendition.format)])
    error_message = "Each format in renditions must be webp, jpeg or avif; got ${join(", ", values(var.renditions)[*].format)}."
  }

  validation {
    condition = alltrue([
      for rendition in var.renditions :
      rendition.quality >= 1 && rendition.quality <= 100 && floor(rendition.quality) == rendition.quality
    ])
    error_message = "Each quality in renditions must be an integer from 1 to 100; got ${join(", ", values(var.renditions)[*].quality)}."
  }
}

variable "role_path" {
  type        = string
  description = "Path of every role, such as /teams/photos/. A change replaces the roles."
  default     = "/"

  validation {
    condition     = can(regex("^/([!-.0-~]+/)*$", var.role_path)) && length(var.role_path) <= 512
    error_message = "role_path must begin and end with /; got ${var.role_path}."
  }
}

variable "self_sign_up" {
  type        = bool
  description = "Whether anyone can create an account with Cognito's API. false: only administrators create accounts."
  default     = false

  validation {
    condition     = !var.self_sign_up || var.client
    error_message = "self_sign_up = true requires client = true: without it there are no accounts."
  }
}

variable "shares" {
  type        = bool
  description = "Whether users can share photos with people without an account, by links that expire. Requires site. Whoever has an account can then publish files of any kind for up to 90 days, at the deployment's cost. null: yes, unless self_sign_up. A change to false withdraws all shares."
  default     = null

  validation {
    condition     = var.shares != true || var.site
    error_message = "shares = true requires site = true: shared photos are shown by the page."
  }
}

variable "shares_domain_name" {
  type        = string
  description = "Custom domain of shared photos, such as shared.example.com, other than domain_name. certificate_arn must cover both. Create a DNS record from it to the output shares_domain. null: a domain of CloudFront."
  default     = null

  validation {
    condition     = var.shares_domain_name == null || (var.certificate_arn != null && var.shares_domain_name != var.domain_name)
    error_message = "shares_domain_name requires certificate_arn, and must differ from domain_name: pages of the gallery and files that users publish must not have the same origin."
  }

  validation {
    condition     = var.shares_domain_name == null || (var.site && coalesce(var.shares, !var.self_sign_up))
    error_message = "shares_domain_name requires site = true and shares, which are off with self_sign_up unless shares = true."
  }
}

variable "site" {
  type        = bool
  description = "Whether there is a page, on CloudFront. false: there are no shares either, and pages of cors_origins use the buckets and the API. Some new accounts may not create distributions."
  default     = true

  validation {
    condition     = !var.site || var.client
    error_message = "site = true requires client = true: people sign in on the page. Set site = false as well."
  }

  validation {
    condition     = var.site || (var.domain_name == null && var.certificate_arn == null && var.map_tiles_url == null)
    error_message = "domain_name, certificate_arn and map_tiles_url are settings of the page, and require site = true."
  }
}

variable "table_name" {
  type        = string
  description = "Name of the table, if it is not that of the deployment: of one that was restored to a point in time (docs/runbooks.md). null: `name`."
  default     = null

  validation {
    condition     = var.table_name == null || can(regex("^[a-zA-Z0-9_.-]{3,255}$", var.table_name))
    error_message = "table_name must be 3 to 255 characters of a-z, A-Z, 0-9, _, . and -; got ${coalesce(var.table_name, "null")}."
  }
}

variable "tags" {
  type        = map(string)
  description = "Tags of all resources but the page's config.json, in addition to the provider's default_tags."
  default     = {}
}

variable "timeout_seconds" {
  type = object({
    extract   = optional(number, 30)
    thumbnail = optional(number, 30)
    tag       = optional(number, 30)
  })
  description = "Timeout of each function in seconds, from 10 to 35. The state machine waits for 40 seconds."
  default     = {}
}

variable "topic_kms_key_arn" {
  type        = string
  description = "ARN of the KMS key that encrypts the topic of the alarms. Its policy must allow CloudWatch to use it: docs/terraform.md. null: the topic is not encrypted."
  default     = null

  validation {
    condition     = var.topic_kms_key_arn == null || can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/.+$", var.topic_kms_key_arn))
    error_message = "topic_kms_key_arn must be the ARN of a key (not of an alias), such as arn:aws:kms:eu-west-1:123456789012:key/…"
  }

  validation {
    condition     = var.topic_kms_key_arn == null || var.alarms
    error_message = "topic_kms_key_arn is the key of the topic of the alarms, and requires alarms = true."
  }
}
