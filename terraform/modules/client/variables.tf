variable "api_access_logs" {
  type        = bool
  description = "Whether requests to the API are logged. The account must have a CloudWatch role for API Gateway in the region."
  default     = false
}

variable "api_policy_json" {
  type        = string
  description = "IAM policy of the API's role as JSON, to describe executions and to make edits."
}

variable "cors_origins" {
  type        = list(string)
  description = "Origins of the pages that may use the API, such as https://photos.example.com."
  default     = []

  validation {
    condition     = alltrue([for origin in var.cors_origins : can(regex("^https?://[A-Za-z0-9.-]+(:[0-9]+)?$", origin))])
    error_message = "Each value in cors_origins must be a scheme and a host without a path or *, such as https://photos.example.com."
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

variable "edit_arn" {
  type        = string
  description = "ARN of the state machine that makes an edit."

  validation {
    condition     = can(regex("^arn:[a-z-]+:states:[a-z0-9-]+:[0-9]{12}:stateMachine:[A-Za-z0-9_-]+$", var.edit_arn))
    error_message = "edit_arn must be arn:…:states:REGION:ACCOUNT:stateMachine:NAME; got ${var.edit_arn}."
  }
}

variable "executions_arn" {
  type        = string
  description = "ARN pattern of the executions of one state machine: arn:…:execution:NAME:*."

  validation {
    condition     = can(regex("^arn:[a-z-]+:states:[a-z0-9-]+:[0-9]{12}:execution:[A-Za-z0-9_-]+:[*]$", var.executions_arn))
    error_message = "executions_arn must be arn:…:states:REGION:ACCOUNT:execution:NAME:*, with the name of one state machine; got ${var.executions_arn}."
  }
}

variable "keep_users" {
  type        = bool
  description = "Whether the user pool is protected from destruction."
  default     = true
}

variable "log_retention_days" {
  type        = number
  description = "Days that the API's logs are kept."
  default     = 30
}

variable "name" {
  type        = string
  description = "Name of the pools and the API, and prefix of the names of the roles."
}

variable "policy_json" {
  type        = string
  description = "IAM policy of signed-in users as JSON."
}

variable "self_sign_up" {
  type        = bool
  description = "Whether anyone can create an account. false: only administrators create accounts."
  default     = false
}
