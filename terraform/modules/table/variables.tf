variable "deletion_protection" {
  type        = bool
  description = "Whether the table is protected from deletion."
  default     = true
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

variable "hash_key" {
  type        = string
  description = "Name of the partition key attribute, a string."
}

variable "indexes" {
  type = map(object({
    hash_key           = string
    range_key          = string
    projection         = optional(string, "ALL")
    non_key_attributes = optional(set(string))
  }))
  description = "Global secondary indexes by name: key attributes (strings) and projection (ALL, KEYS_ONLY, or INCLUDE with non_key_attributes)."
  default     = {}

  validation {
    condition     = alltrue([for index in var.indexes : contains(["ALL", "INCLUDE", "KEYS_ONLY"], index.projection)])
    error_message = "Each projection in indexes must be ALL, INCLUDE or KEYS_ONLY; got ${join(", ", values(var.indexes)[*].projection)}."
  }

  validation {
    condition = alltrue([
      for index in var.indexes : (index.projection == "INCLUDE") == (index.non_key_attributes != null)
    ])
    error_message = "An index must have non_key_attributes if its projection is INCLUDE, and must not have them otherwise."
  }

  validation {
    condition     = length(flatten([for index in var.indexes : coalesce(index.non_key_attributes, [])])) <= 100
    error_message = "All indexes together must have at most 100 non_key_attributes, which is DynamoDB's limit."
  }
}

variable "kms_key_arn" {
  type        = string
  description = "ARN of the KMS key that encrypts the table. null: the AWS managed key for DynamoDB."
  default     = null
}

variable "name" {
  type        = string
  description = "Name of the table."
}

variable "range_key" {
  type        = string
  description = "Name of the sort key attribute, a string."
}
