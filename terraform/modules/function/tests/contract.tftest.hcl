mock_provider "aws" {
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
  name               = "gallery-extract"
  architecture       = "arm64"
  image_uri          = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/gallery-extract@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
  log_retention_days = 30
  memory_mb          = 512
  policy_json        = "{\"Version\":\"2012-10-17\",\"Statement\":[]}"
  timeout_seconds    = 30
}

run "refuses_an_image_with_a_tag" {
  command = plan

  variables { image_uri = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/gallery-extract:latest" }

  expect_failures = [var.image_uri]
}

run "refuses_a_truncated_digest" {
  command = plan

  variables { image_uri = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/gallery-extract@sha256:0123456789abcdef" }

  expect_failures = [var.image_uri]
}

run "refuses_an_unsupported_architecture" {
  command = plan

  variables { architecture = "amd64" }

  expect_failures = [var.architecture]
}

run "refuses_less_memory_than_lambda_allows" {
  command = plan

  variables { memory_mb = 127 }

  expect_failures = [var.memory_mb]
}

run "refuses_more_memory_than_lambda_allows" {
  command = plan

  variables { memory_mb = 10241 }

  expect_failures = [var.memory_mb]
}

run "refuses_a_timeout_too_short_for_an_orderly_stop" {
  command = plan

  variables { timeout_seconds = 9 }

  expect_failures = [var.timeout_seconds]
}

run "refuses_a_timeout_longer_than_the_state_machine_waits" {
  command = plan

  variables { timeout_seconds = 36 }

  expect_failures = [var.timeout_seconds]
}
