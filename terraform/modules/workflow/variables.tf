variable "definition" {
  type        = string
  description = "Definition of the state machine in Amazon States Language (JSON)."

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

variable "failure_rule" {
  type = object({
    pattern        = string
    input_paths    = map(string)
    input_template = string
  })
  description = "Rule that sends a dead-letter message for a failed execution: event pattern (JSON), and paths and template of the input transformer."
}

variable "log_retention_days" {
  type        = number
  description = "Days that logs are kept."
}

variable "name" {
  type        = string
  description = "Name of the state machine, and prefix of the names of its roles, rules and queue."

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{1,48}$", var.name))
    error_message = "name must be 1 to 48 characters from A-Z, a-z, 0-9, _ and -, which CloudWatch Logs requires for state machines; got ${var.name}."
  }
}

variable "policy_json" {
  type        = string
  description = "IAM policy of the state machine's role as JSON, in addition to writing logs and traces."
}

variable "queue_kms_key_arn" {
  type        = string
  description = "ARN of the KMS key that encrypts the dead-letter queue. null: SQS's own key."
  default     = null
}

variable "start_rules" {
  type = map(object({
    pattern        = string
    input_paths    = map(string)
    input_template = string
  }))
  description = "Rules that start an execution, by name: event pattern (JSON), and paths and template of the input transformer."

  validation {
    condition     = length(var.start_rules) > 0 && !contains(keys(var.start_rules), "failed")
    error_message = "start_rules must contain at least one rule, and must not contain the name failed, which is the rule for dead-letter messages."
  }

  validation {
    condition     = alltrue([for rule in var.start_rules : can(keys(jsondecode(rule.pattern)))])
    error_message = "Each pattern in start_rules must be a JSON object."
  }
}
