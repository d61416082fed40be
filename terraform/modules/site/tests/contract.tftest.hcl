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
  name        = "gallery"
  bucket_name = "gallery-site-123456789012-eu-west-1"
  config      = { region = "eu-west-1" }
  headers = {
    "Content-Security-Policy"   = "default-src 'none'"
    "Referrer-Policy"           = "no-referrer"
    "Strict-Transport-Security" = "max-age=63072000"
    "X-Content-Type-Options"    = "nosniff"
  }
}

run "refuses_a_domain_without_a_certificate" {
  command = plan

  variables { domain_name = "photos.example.com" }

  expect_failures = [var.certificate_arn]
}

run "refuses_a_certificate_without_a_domain" {
  command = plan

  variables { certificate_arn = "arn:aws:acm:us-east-1:123456789012:certificate/1234abcd" }

  expect_failures = [var.certificate_arn]
}

run "refuses_a_certificate_of_another_region" {
  command = plan

  variables {
    certificate_arn = "arn:aws:acm:eu-west-1:123456789012:certificate/1234abcd"
    domain_name     = "photos.example.com"
  }

  expect_failures = [var.certificate_arn]
}

run "refuses_a_url_as_domain_name" {
  command = plan

  variables {
    certificate_arn = "arn:aws:acm:us-east-1:123456789012:certificate/1234abcd"
    domain_name     = "https://photos.example.com"
  }

  expect_failures = [var.domain_name]
}

run "refuses_an_unknown_price_class" {
  command = plan

  variables { price_class = "PriceClass_300" }

  expect_failures = [var.price_class]
}

run "refuses_headers_without_a_content_security_policy" {
  command = plan

  variables {
    headers = {
      "Referrer-Policy"           = "no-referrer"
      "Strict-Transport-Security" = "max-age=63072000"
      "X-Content-Type-Options"    = "nosniff"
    }
  }

  expect_failures = [var.headers]
}

# The module reads only max-age and would ignore the rest.
run "refuses_strict_transport_security_with_more_than_max_age" {
  command = plan

  variables {
    headers = {
      "Content-Security-Policy"   = "default-src 'none'"
      "Referrer-Policy"           = "no-referrer"
      "Strict-Transport-Security" = "max-age=63072000; preload"
      "X-Content-Type-Options"    = "nosniff"
    }
  }

  expect_failures = [var.headers]
}
