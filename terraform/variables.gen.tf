# Made by `make docs` from modules/gallery/variables.tf; do not edit.

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
}

variable "api_access_logs" {
  type        = bool
  description = "Whether requests to the API are logged. The account must have a CloudWatch role for API Gateway in the region."
  default     = false
}

variable "architecture" {
  type        = string
  description = "Instruction set of the functions: arm64 or x86_64. The pushed images must match."
  default     = "arm64"
}

variable "budget" {
  type = object({
    usd_per_month = number
    tag           = optional(object({ key = string, value = string }))
  })
  description = "Monthly costs in US dollars at which AWS Budgets emails alarm_email: at 80 % of them, and if the forecast exceeds them. With tag, only costs of resources with this tag count, once it is activated as a cost allocation tag; without, all costs of the account. null: no budget."
  default     = null
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
}

variable "labeler" {
  type        = string
  description = "How photos are labeled: rekognition (Amazon Rekognition, charged for each photo) or embedded (the label model in an image built with LABELER=embedded)."
  default     = "rekognition"
}

variable "log_retention_days" {
  type        = number
  description = "Days that logs are kept, including S3 access logs. CloudWatch Logs supports certain values only, such as 7, 30, 90 and 365."
  default     = 30
}

variable "logs_kms_key_arn" {
  type        = string
  description = "ARN of the KMS key that encrypts the log groups. Its policy must allow CloudWatch Logs to use it: docs/terraform.md. null: keys of CloudWatch Logs."
  default     = null
}

variable "logs_transition_days" {
  type        = map(number)
  description = "Days after which access logs and the results of backfills and reprocessings move to another storage class, by class, such as { STANDARD_IA = 30 }. Fewer than log_retention_days."
  default     = {}
}

variable "map_tiles_attribution" {
  type        = string
  description = "Text on the map that names whose tiles it shows, as their license requires, such as © OpenStreetMap contributors. Must be set together with map_tiles_url."
  default     = null
}

variable "map_tiles_url" {
  type        = string
  description = "Tile server of the map, in Web Mercator with tiles of 256 pixels: an https URL with {z}, {x} and {y}, such as https://tile.example.org/{z}/{x}/{y}.png. It sees the numbers of the tiles that a user looks at, the user's IP address, and the origin of the page. null: the map shows the page's own shapes of land, and asks nobody."
  default     = null
}

variable "max_labels" {
  type        = number
  description = "Maximum number of labels for each photo, from 1 to 50."
  default     = 50
}

variable "memory_mb" {
  type = object({
    extract   = optional(number)
    thumbnail = optional(number)
    tag       = optional(number)
  })
  description = "Memory of each function in MB. Defaults: workflow/memory_mb.json, 512 for extract and 1,769 for thumbnail and tag, which corresponds to one vCPU; CPU is proportional. Extract reads the first bytes of a photo. Thumbnail and Tag decode it, which takes 95 MB for a JPEG of 12 megapixels and up to 1,730 MB for the largest files that are accepted, so they may not have less."
  default     = {}
}

variable "min_confidence" {
  type        = number
  description = "Minimum confidence of a label in percent, from 0 to 100."
  default     = 55
}

variable "name" {
  type        = string
  description = "Prefix of the names of all resources. Must be unique for each deployment in the same account and region."
  default     = "gallery"
}

variable "noncurrent_version_days" {
  type        = number
  description = "Days that a deleted or overwritten photo can be restored, at least 1."
  default     = 30
}

variable "permissions_boundary_arn" {
  type        = string
  description = "ARN of the policy that is the permissions boundary of every role. null: none."
  default     = null
}

variable "photos_transition_days" {
  type        = map(number)
  description = "Days after which originals move to another storage class, by class, such as { STANDARD_IA = 30, GLACIER_IR = 90 }. Photos are read again by reprocessings, and whenever somebody downloads one, which these classes charge for. S3 leaves objects below 128 KB where they are."
  default     = {}
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
}

variable "role_path" {
  type        = string
  description = "Path of every role, such as /teams/photos/. A change replaces the roles."
  default     = "/"
}

variable "self_sign_up" {
  type        = bool
  description = "Whether anyone can create an account with Cognito's API. false: only administrators create accounts."
  default     = false
}

variable "shares" {
  type        = bool
  description = "Whether users can share photos with people without an account, by links that expire. Requires site. Whoever has an account can then publish files of any kind for up to 90 days, at the deployment's cost. null: yes, unless self_sign_up. A change to false withdraws all shares."
  default     = null
}

variable "shares_domain_name" {
  type        = string
  description = "Custom domain of shared photos, such as shared.example.com, other than domain_name. certificate_arn must cover both. Create a DNS record from it to the output shares_domain. null: a domain of CloudFront."
  default     = null
}

variable "site" {
  type        = bool
  description = "Whether there is a page, on CloudFront. false: there are no shares either, and pages of cors_origins use the buckets and the API. Some new accounts may not create distributions."
  default     = true
}

variable "table_name" {
  type        = string
  description = "Name of the table, if it is not that of the deployment: of one that was restored to a point in time (docs/runbooks.md). null: `name`."
  default     = null
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
}
