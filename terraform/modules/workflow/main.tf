# ARNs are composed from names, so that a plan shows each policy in full.
locals {
  account_id = var.deployment.account_id
  partition  = var.deployment.partition
  region     = var.deployment.region
  place      = "${local.region}:${local.account_id}"

  dead_letters_name = "${var.name}-dead-letters"
  dead_letters_arn  = "arn:${local.partition}:sqs:${local.place}:${local.dead_letters_name}"
  state_machine_arn = "arn:${local.partition}:states:${local.place}:stateMachine:${var.name}"

  rule_names      = { for key in concat(keys(var.start_rules), ["failed"]) : key => "${var.name}-${key}" }
  rule_arns       = { for key, name in local.rule_names : key => "arn:${local.partition}:events:${local.place}:rule/${name}" }
  start_rule_arns = [for key in keys(var.start_rules) : local.rule_arns[key]]
}
