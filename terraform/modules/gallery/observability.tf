locals {
  metric_namespace = var.name

  watch_definition = jsondecode(replace(templatefile("${local.workflow_path}/watch.json.tftpl", {
    namespace = local.metric_namespace
    retry     = local.retry
    table     = local.table_name
  }), local.template_integrations, local.integrations))

  # Resources of the states that call a service directly, without their common prefix, and the states.
  service_tasks = {
    for name, state in local.definition.States :
    trimprefix(state.Resource, local.integrations) => name...
    if state.Type == "Task" && !endswith(try(state.Resource, ""), ":lambda:invoke")
  }
}

data "aws_iam_policy_document" "watch" {
  source_policy_documents = [data.aws_iam_policy_document.decrypt_table.json]

  statement {
    sid       = "FindProcessing"
    actions   = ["dynamodb:Query"]
    resources = ["${local.table_arn}/index/processing"]
  }

  statement {
    sid       = "ReportAge"
    actions   = ["cloudwatch:PutMetricData"]
    resources = ["*"] # PutMetricData supports only a condition on the namespace

    condition {
      test     = "StringEquals"
      variable = "cloudwatch:namespace"
      values   = [local.metric_namespace]
    }
  }
}

module "observability" {
  source = "../observability"

  deployment         = local.deployment
  name               = var.name
  alarm_email        = var.alarm_email
  alarms             = var.alarms
  topic_kms_key_arn  = var.topic_kms_key_arn
  architecture       = var.architecture
  dead_letters_name  = module.workflow.dead_letters_name
  edit_arn           = local.edit_arn
  log_retention_days = var.log_retention_days
  longest_seconds    = local.times.execution_seconds
  metric_namespace   = local.metric_namespace
  paid_labels        = var.labeler == "rekognition"
  rejected_errors    = keys(jsondecode(local.rejections))
  rule_names         = module.workflow.rule_names
  service_tasks      = local.service_tasks
  state_machine_arn  = local.state_machine_arn
  watch_definition   = jsonencode(local.watch_definition)
  watch_policy_json  = data.aws_iam_policy_document.watch.json

  functions = {
    extract = {
      name           = module.extract.name
      log_group_name = module.extract.log_group_name
      memory_mb      = local.memory_mb.extract
    }
    tag = {
      name           = module.tag.name
      log_group_name = module.tag.log_group_name
      memory_mb      = local.memory_mb.tag
    }
    thumbnail = {
      name           = module.thumbnail.name
      log_group_name = module.thumbnail.log_group_name
      memory_mb      = local.memory_mb.thumbnail
    }
  }

  table = {
    name        = module.table.name
    index_names = keys(local.table_schema.indexes)
  }
}
