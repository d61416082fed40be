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
  definition         = "{\"StartAt\":\"Done\",\"States\":{\"Done\":{\"Type\":\"Succeed\"}}}"
  log_retention_days = 30
  policy_json        = "{\"Version\":\"2012-10-17\",\"Statement\":[]}"

  start_rules = {
    created = { pattern = "{}", input_paths = {}, input_template = "{}" }
  }

  failure_rule = { pattern = "{}", input_paths = {}, input_template = "{}" }
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
    name = "gallery.one"
  }

  expect_failures = [var.name]
}

run "refuses_an_empty_map_of_start_rules" {
  command = plan

  variables {
    start_rules = {}
  }

  expect_failures = [var.start_rules]
}

run "refuses_a_start_rule_called_failed" {
  command = plan

  variables {
    start_rules = {
      failed = { pattern = "{}", input_paths = {}, input_template = "{}" }
    }
  }

  expect_failures = [var.start_rules]
}

run "refuses_a_pattern_that_is_not_json" {
  command = plan

  variables {
    start_rules = {
      created = { pattern = "source", input_paths = {}, input_template = "{}" }
    }
  }

  expect_failures = [var.start_rules]
}
