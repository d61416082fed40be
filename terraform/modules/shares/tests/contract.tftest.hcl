mock_provider "aws" {
  override_during = plan

  mock_resource "aws_cloudfront_distribution" {
    defaults = {
      arn         = "arn:aws:cloudfront::123456789012:distribution/E1234567890ABC"
      domain_name = "d1234567890abc.cloudfront.net"
    }
  }

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
  name             = "gallery"
  bucket_name      = "gallery-shares-123456789012-eu-west-1"
  site_bucket_name = "gallery-site-123456789012-eu-west-1"
  cors             = { allowed_headers = ["x-amz-*"], allowed_methods = ["PUT"], expose_headers = [], max_age_seconds = 60 }
  cors_origins     = ["https://photos.example.com"]
  expiration_days  = { "shares/1/" = 1, "shares/7/" = 7 }
  file_headers = {
    "Cache-Control"             = "private, max-age=300"
    "Content-Disposition"       = "attachment"
    "Content-Security-Policy"   = "default-src 'none'; sandbox"
    "Referrer-Policy"           = "no-referrer"
    "Strict-Transport-Security" = "max-age=63072000"
    "X-Content-Type-Options"    = "nosniff"
  }
  page_headers = {
    "Content-Security-Policy"   = "default-src 'none'; script-src 'self'"
    "Referrer-Policy"           = "no-referrer"
    "Strict-Transport-Security" = "max-age=63072000"
    "X-Content-Type-Options"    = "nosniff"
  }
}

run "refuses_files_without_a_sandbox" {
  command = plan

  variables {
    file_headers = {
      "Content-Disposition"       = "attachment"
      "Content-Security-Policy"   = "default-src 'none'"
      "Referrer-Policy"           = "no-referrer"
      "Strict-Transport-Security" = "max-age=63072000"
      "X-Content-Type-Options"    = "nosniff"
    }
  }

  expect_failures = [var.file_headers]
}

run "refuses_files_that_a_browser_would_show" {
  command = plan

  variables {
    file_headers = {
      "Content-Security-Policy"   = "default-src 'none'; sandbox"
      "Referrer-Policy"           = "no-referrer"
      "Strict-Transport-Security" = "max-age=63072000"
      "X-Content-Type-Options"    = "nosniff"
    }
  }

  expect_failures = [var.file_headers]
}

run "refuses_a_prefix_outside_of_shares" {
  command = plan

  variables { expiration_days = { "uploads/" = 7 } }

  expect_failures = [var.expiration_days]
}

run "refuses_a_domain_without_a_certificate" {
  command = plan

  variables { domain_name = "shared.example.com" }

  expect_failures = [var.certificate_arn]
}
