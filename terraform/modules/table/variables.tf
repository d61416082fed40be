variable "deletion_protection" {
  type        = bool
  description = "Whether DynamoDB refuses to delete the table."
  default     = true
}

variable "hash_key" {
  type        = string
  description = "Attribute that is the partition key, a string."
}

variable "indexes" {
  type = map(object({
    hash_key           = string
    range_key          = string
    projection         = optional(string, "ALL")
    non_key_attributes = optional(set(string))
  }))
  description = "Global secondary indexes by name: their keys, strings both, and what they hold: ALL attributes, KEYS_ONLY, or INCLUDE, which adds non_key_attributes to the keys."
  default     = {}

  validation {
    condition     = alltrue([for index in var.indexes : contains(["ALL", "INCLUDE", "KEYS_ONLY"], index.projection)])
    error_message = "Each projection of indexes must be ALL, INCLUDE or KEYS_ONLY, got ${join(", ", values(var.indexes)[*].projection)}."
  }

  validation {
    condition = alltrue([
      for index in var.indexes : (index.projection == "INCLUDE") == (index.non_key_attributes != null)
    ])
    error_message = "An index must have non_key_attributes where its projection is INCLUDE, and nowhere else."
  }

  validation {
    condition     = length(flatten([for index in var.indexes : coalesce(index.non_key_attributes, [])])) <= 100
    error_message = "All non_key_attributes of indexes together must be 100 or fewer, or DynamoDB refuses the table."
  }
}

variable "kms_key_arn" {
  type        = string
  description = "KMS key that encrypts the table; null: the key that AWS manages for DynamoDB in this account."
  default     = null
}

variable "name" {
  type        = string
  description = "Name of the table."
}

variable "range_key" {
  type        = string
  description = "Attribute that is the sort key, a string."
}
