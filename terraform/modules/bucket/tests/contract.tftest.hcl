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
  name = "gallery-photos-123456789012-eu-west-1"
}

run "refuses_a_wildcard_origin" {
  command = plan

  variables {
    cors         = { allowed_headers = [], allowed_methods = ["GET"], expose_headers = [], max_age_seconds = 3600 }
    cors_origins = ["*"]
  }

  expect_failures = [var.cors_origins]
}

run "refuses_an_origin_with_a_wildcard_subdomain" {
  command = plan

  variables {
    cors         = { allowed_headers = [], allowed_methods = ["GET"], expose_headers = [], max_age_seconds = 3600 }
    cors_origins = ["https://*.example.com"]
  }

  expect_failures = [var.cors_origins]
}

run "refuses_origins_without_methods" {
  command = plan

  variables { cors_origins = ["https://photos.example.com"] }

  expect_failures = [var.cors_origins]
}

run "refuses_an_unsupported_method" {
  command = plan

  variables {
    cors = { allowed_headers = [], allowed_methods = ["PATCH"], expose_headers = [], max_age_seconds = 3600 }
  }

  expect_failures = [var.cors]
}

run "refuses_to_expose_all_headers" {
  command = plan

  variables {
    cors = { allowed_headers = [], allowed_methods = ["GET"], expose_headers = ["*"], max_age_seconds = 3600 }
  }

  expect_failures = [var.cors]
}

run "refuses_an_expiration_of_zero_days" {
  command = plan

  variables { expiration_days = 0 }

  expect_failures = [var.expiration_days]
}

run "refuses_a_fraction_of_a_day" {
  command = plan

  variables { noncurrent_version_days = 0.5 }

  expect_failures = [var.noncurrent_version_days]
}

run "refuses_a_prefix_that_expires_after_zero_days" {
  command = plan

  variables { expiration_days_by_prefix = { "shares/0/" = 0 } }

  expect_failures = [var.expiration_days_by_prefix]
}
