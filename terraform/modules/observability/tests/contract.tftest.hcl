mock_provider "aws" {
  override_during = plan

  mock_data "aws_iam_policy_document" {
    defaults = { json = "{\"Version\":\"2012-10-17\",\"Statement\":[]}" }
  }
}

variables {
  deployment = {
    account_id = "123456789012"
    dns_suffix = "amazonaws.com"
    partition  = "aws"
    region     = "eu-west-1"
  }
  name               = "gallery"
  architecture       = "arm64"
  dead_letters_name  = "gallery-dead-letters"
  edit_arn           = "arn:aws:states:eu-west-1:123456789012:stateMachine:gallery-edit"
  log_retention_days = 30
  longest_seconds    = 7200
  metric_namespace   = "gallery"
  paid_labels        = true
  rejected_errors    = ["EmptyPhotoError"]
  rule_names         = { created = "gallery-created" }
  service_tasks      = {}
  state_machine_arn  = "arn:aws:states:eu-west-1:123456789012:stateMachine:gallery"
  table              = { name = "gallery", index_names = [] }
  watch_definition   = "{\"StartAt\":\"Done\",\"States\":{\"Done\":{\"Type\":\"Succeed\"}}}"
  watch_policy_json  = "{\"Version\":\"2012-10-17\",\"Statement\":[]}"

  functions = {
    extract   = { name = "gallery-extract", log_group_name = "/aws/lambda/gallery-extract", memory_mb = 512 }
    tag       = { name = "gallery-tag", log_group_name = "/aws/lambda/gallery-tag", memory_mb = 1024 }
    thumbnail = { name = "gallery-thumbnail", log_group_name = "/aws/lambda/gallery-thumbnail", memory_mb = 2048 }
  }
}

run "refuses_an_architecture_without_a_price" {
  command = plan

  variables {
    architecture = "riscv"
  }

  expect_failures = [var.architecture]
}

run "refuses_a_namespace_reserved_by_aws" {
  command = plan

  variables {
    metric_namespace = "AWS/Gallery"
  }

  expect_failures = [var.metric_namespace]
}

run "refuses_an_empty_list_of_rejected_errors" {
  command = plan

  variables {
    rejected_errors = []
  }

  expect_failures = [var.rejected_errors]
}

run "refuses_a_watch_that_is_not_json" {
  command = plan

  variables {
    watch_definition = "{"
  }

  expect_failures = [var.watch_definition]
}
