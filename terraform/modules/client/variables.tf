variable "api_access_logs" {
  type        = bool
  description = "Whether each request to the API is logged, for which the account needs its CloudWatch role of API Gateway."
  default     = false
}

variable "api_policy_json" {
  type        = string
  description = "IAM policy of the API, as JSON: what it may ask Step Functions."
}

variable "cors_origins" {
  type        = list(string)
  description = "Origins of the pages that may follow executions, such as https://photos.example.com; none by default."
  default     = []

  validation {
    condition     = alltrue([for origin in var.cors_origins : can(regex("^https?://[A-Za-z0-9.-]+(:[0-9]+)?$", origin))])
    error_message = "Each of cors_origins must be a scheme and a host without a path or *, such as https://photos.example.com."
  }
}

variable "executions_arn" {
  type        = string
  description = "ARN of all executions that can be followed, those of one state machine: arn:…:execution:NAME:*."

  validation {
    condition     = can(regex("^arn:[a-z-]+:states:[a-z0-9-]+:[0-9]{12}:execution:[A-Za-z0-9_-]+:[*]$", var.executions_arn))
    error_message = "executions_arn must be arn:…:states:REGION:ACCOUNT:execution:NAME:*, with the name of one state machine, got ${var.executions_arn}."
  }
}

variable "keep_users" {
  type        = bool
  description = "Whether the user pool refuses to be destroyed."
  default     = true
}

variable "log_retention_days" {
  type        = number
  description = "Days that the API's log is kept."
  default     = 30
}

variable "name" {
  type        = string
  description = "Name of the pools and of the API; begins the names of the roles."
}

variable "policy_json" {
  type        = string
  description = "IAM policy of somebody who has signed in, as JSON."
}

variable "self_sign_up" {
  type        = bool
  description = "Whether anybody may make an account; otherwise an administrator makes them."
  default     = false
}
