variable "definition" {
  type        = string
  description = "Definition of the state machine in Amazon States Language (JSON), with a Distributed Map."

  validation {
    condition     = can(jsondecode(var.definition).StartAt)
    error_message = "definition must be the JSON of a state machine, with StartAt."
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

variable "log_retention_days" {
  type        = number
  description = "Days that logs are kept."
}

variable "name" {
  type        = string
  description = "Name of the state machine, its role and its log group."

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{1,48}$", var.name))
    error_message = "name must be 1 to 48 characters from A-Z, a-z, 0-9, _ and -, which leaves room for the region in the role's name; got ${var.name}."
  }
}

variable "policy_json" {
  type        = string
  description = "IAM policy of the state machine's role as JSON, in addition to running its own Map and writing logs and traces."
}
