variable "alarm_email" {
  type        = string
  description = "Email address for alarms. AWS emails a confirmation link to it first. null: no emails."
  default     = null
}

variable "alarms" {
  type        = bool
  description = "Whether there are alarms and their topic."
  default     = true
}

variable "architecture" {
  type        = string
  description = "Instruction set of the functions, which determines their price: arm64 or x86_64."

  validation {
    condition     = contains(["arm64", "x86_64"], var.architecture)
    error_message = "architecture must be arm64 or x86_64; got ${var.architecture}."
  }
}

variable "dead_letters_name" {
  type        = string
  description = "Name of the dead-letter queue."
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
  description = "ARN of the state machine that makes edits."
}

variable "functions" {
  type = object({
    extract   = object({ name = string, log_group_name = string, memory_mb = number })
    tag       = object({ name = string, log_group_name = string, memory_mb = number })
    thumbnail = object({ name = string, log_group_name = string, memory_mb = number })
  })
  description = "Functions by step: name, log group and memory in MB."
}

variable "log_retention_days" {
  type        = number
  description = "Days that logs are kept."
}

variable "longest_seconds" {
  type        = number
  description = "Seconds that an execution can last."
}

variable "metric_namespace" {
  type        = string
  description = "Namespace of the watch's metric. watch_policy_json must allow it."

  validation {
    condition     = !startswith(lower(var.metric_namespace), "aws/")
    error_message = "metric_namespace must not begin with AWS/, which is reserved; got ${var.metric_namespace}."
  }
}

variable "name" {
  type        = string
  description = "Prefix of the names of the topic, the alarms, the dashboard and the watch."
}

variable "paid_labels" {
  type        = bool
  description = "Whether labels come from Amazon Rekognition, which charges for each photo."
}

variable "rejected_errors" {
  type        = list(string)
  description = "Names of the errors that reject a photo."

  validation {
    condition     = length(var.rejected_errors) > 0
    error_message = "rejected_errors must not be empty: it must contain the errors that reject a photo in the state machine."
  }
}

variable "rule_names" {
  type        = map(string)
  description = "Names of the workflow's EventBridge rules, by key."
}

variable "service_tasks" {
  type        = map(list(string))
  description = "States that call an AWS service other than Lambda, by resource, such as aws-sdk:dynamodb:getItem."
}

variable "state_machine_arn" {
  type        = string
  description = "ARN of the state machine."
}

variable "table" {
  type        = object({ name = string, index_names = set(string) })
  description = "Name of the photos table, and the names of its global secondary indexes."
}

variable "topic_kms_key_arn" {
  type        = string
  description = "ARN of the KMS key that encrypts the topic. null: it is not encrypted."
  default     = null
}

variable "watch_definition" {
  type        = string
  description = "Definition of the state machine that reports the age of the oldest PROCESSING photo, in Amazon States Language (JSON)."

  validation {
    condition     = can(jsondecode(var.watch_definition).StartAt)
    error_message = "watch_definition must be the JSON of a state machine, with StartAt."
  }
}

variable "watch_policy_json" {
  type        = string
  description = "IAM policy of the watch's role as JSON, in addition to writing logs and traces."
}
