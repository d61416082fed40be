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
  name               = "gallery-edit"
  definition         = "{\"StartAt\":\"Done\",\"TimeoutSeconds\":25,\"States\":{\"Done\":{\"Type\":\"Succeed\"}}}"
  log_retention_days = 30
  policy_json        = "{\"Version\":\"2012-10-17\",\"Statement\":[]}"
}

run "refuses_a_definition_that_is_not_json" {
  command = plan

  variables {
    definition = "{\"StartAt\":"
  }

  expect_failures = [var.definition]
}

run "refuses_a_definition_without_start_at" {
  command = plan

  variables {
    definition = "{\"States\":{}}"
  }

  expect_failures = [var.definition]
}

run "refuses_a_name_with_a_dot" {
  command = plan

  variables {
    name = "gallery.edit"
  }

  expect_failures = [var.name]
}

run "refuses_a_name_that_leaves_no_room_for_the_region" {
  command = plan

  variables {
    name = "a-name-of-49-characters-which-is-one-more-than-48"
  }

  expect_failures = [var.name]
}

run "refuses_a_definition_without_a_timeout" {
  command = plan

  variables {
    definition = "{\"StartAt\":\"Done\",\"States\":{\"Done\":{\"Type\":\"Succeed\"}}}"
  }

  expect_failures = [var.definition]
}

run "refuses_a_definition_that_outlasts_api_gateway" {
  command = plan

  variables {
    definition = "{\"StartAt\":\"Done\",\"TimeoutSeconds\":30,\"States\":{\"Done\":{\"Type\":\"Succeed\"}}}"
  }

  expect_failures = [var.definition]
}
