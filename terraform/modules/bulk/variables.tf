variable "definition" {
  type        = string
  description = "Definition of the state machine: JSON of the Amazon States Language, with a distributed Map."

  validation {
    condition     = can(jsondecode(var.definition).StartAt)
    error_message = "definition must be a state machine's JSON, with StartAt."
  }
}

variable "log_retention_days" {
  type        = number
  description = "Days that logs are kept."
}

variable "name" {
  type        = string
  description = "Name of the state machine, its role and its log group."

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{1,64}$", var.name))
    error_message = "name must be 1 to 64 of A-Z, a-z, 0-9, _ and -, which is the most that a role's may have; got ${var.name}."
  }
}

variable "policy_json" {
  type        = string
  description = "What the state machine's role may do, beside running its own Map and writing its logs and traces."
}
