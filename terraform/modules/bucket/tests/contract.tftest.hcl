mock_provider "aws" {
  mock_data "aws_iam_policy_document" {
    defaults = { json = "{\"Version\":\"2012-10-17\",\"Statement\":[]}" }
  }
}

variables {
  name = "gallery-photos-123456789012-eu-west-1"
}

run "refuses_every_origin_at_once" {
  command = plan

  variables {
    cors_methods = ["GET"]
    cors_origins = ["*"]
  }

  expect_failures = [var.cors_origins]
}

run "refuses_every_origin_of_a_domain" {
  command = plan

  variables {
    cors_methods = ["GET"]
    cors_origins = ["https://*.example.com"]
  }

  expect_failures = [var.cors_origins]
}

run "refuses_origins_without_methods" {
  command = plan

  variables { cors_origins = ["https://photos.example.com"] }

  expect_failures = [var.cors_origins]
}

run "refuses_a_method_that_s3_does_not_know" {
  command = plan

  variables { cors_methods = ["PATCH"] }

  expect_failures = [var.cors_methods]
}

run "refuses_to_keep_objects_for_no_day" {
  command = plan

  variables { expiration_days = 0 }

  expect_failures = [var.expiration_days]
}

run "refuses_half_a_day_of_versions" {
  command = plan

  variables { noncurrent_version_days = 0.5 }

  expect_failures = [var.noncurrent_version_days]
}
