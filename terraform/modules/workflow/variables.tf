variable "definition" {
  type        = string
  description = "Definition of the state machine: JSON of the Amazon States Language."

  validation {
    condition     = can(jsondecode(var.definition).StartAt)
    error_message = "definition must be a state machine's JSON, with StartAt."
  }
}

variable "failure_rule" {
  type = object({
    pattern        = string
    input_paths    = map(string)
    input_template = string
  })
  description = "Rule that makes a dead letter of an execution that ended badly: event pattern (JSON), and the input transformer's paths and template."
}

variable "log_retention_days" {
  type        = number
  description = "Days that logs are kept."
}

variable "name" {
  type        = string
  description = "Name of the state machine; begins the names of its roles, rules and queue."

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{1,48}$", var.name))
    error_message = "name must be 1 to 48 of A-Z, a-z, 0-9, _ and -, since CloudWatch Logs takes no other state machine; got ${var.name}."
  }
}

variable "policy_json" {
  type        = string
  description = "What the state machine's role may do, beside writing its logs and traces."
}

variable "start_rules" {
  type = map(object({
    pattern        = string
    input_paths    = map(string)
    input_template = string
  }))
  description = "Rules that start an execution, by name: event pattern (JSON), and the input transformer's paths and template."

  validation {
    condition     = length(var.start_rules) > 0 && !contains(keys(var.start_rules), "failed")
    error_message = "start_rules must name at least one rule, and none failed, which is the name of the rule for dead letters."
  }

  validation {
    condition     = alltrue([for rule in var.start_rules : can(keys(jsondecode(rule.pattern)))])
    error_message = "Each pattern of start_rules must be a JSON object."
  }
}
