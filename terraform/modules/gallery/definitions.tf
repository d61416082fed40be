# The definitions of state machines are templates: expressions and retry policies come from files of
# their own. local/template.py renders both in the same way.
locals {
  workflow_path    = "${path.module}/../../../workflow"
  expressions_path = "${local.workflow_path}/expressions"
  parts_path       = "${local.workflow_path}/parts"

  # Step Functions expects its own partition in the ARNs of service integrations.
  template_integrations = "arn:aws:states:::"
  integrations          = "arn:${local.partition}:states:::"

  # The longest execution. What has to outlast it is computed from it: see docs/architecture.md.
  times = jsondecode(file("${local.workflow_path}/times.json"))

  # The laptop's functions have the same: local/stack/resources.py.
  default_memory_mb = jsondecode(file("${local.workflow_path}/memory_mb.json"))
  memory_mb = {
    for step, default in local.default_memory_mb : step => coalesce(var.memory_mb[step], default)
  }

  rejections = file("${local.workflow_path}/rejections.json")

  expression_values = {
    key_layout    = local.key_layout_names
    photos_bucket = local.bucket_names.photos
    rejections    = local.rejections
    table         = local.table_name
    times         = local.times
  }

  # What several expressions share.
  parts = {
    for file in fileset(local.parts_path, "*.jsonata") :
    trimsuffix(file, ".jsonata") => templatefile("${local.parts_path}/${file}", local.expression_values)
  }

  # Each expression on one line, without its comments, as a JSON string holds it.
  jsonata = {
    for file in fileset(local.expressions_path, "*.jsonata") :
    trimsuffix(file, ".jsonata") => trimsuffix(trimprefix(jsonencode(join(" ", regexall("\\S+", replace(
      templatefile("${local.expressions_path}/${file}", merge(local.expression_values, { parts = local.parts })),
      "/(?s)/\\*.*?\\*//", ""
    )))), "\""), "\"")
  }

  retry = {
    for name, policy in jsondecode(file("${local.workflow_path}/retry.json")) : name => jsonencode(policy)
  }

  # The Express state machine that makes edits.
  edit_definition = jsondecode(replace(templatefile("${local.workflow_path}/edit.json.tftpl", {
    functions = local.function_arns
    jsonata   = local.jsonata
    retry     = local.retry
    table     = local.table_name
  }), local.template_integrations, local.integrations))
}
