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

run "shared_files_come_from_their_bucket_and_never_from_a_cache" {
  command = plan

  assert {
    condition = alltrue([for one in aws_cloudfront_distribution.this.ordered_cache_behavior : (
      one.path_pattern == "/shares/*" &&
      one.target_origin_id == "shares" &&
      one.cache_policy_id == "4135ea2d-6df8-44a3-9df3-4b5a84be39ad" &&
      toset(one.allowed_methods) == toset(["GET", "HEAD"]) &&
      one.viewer_protocol_policy == "redirect-to-https"
    )]) && length(aws_cloudfront_distribution.this.ordered_cache_behavior) == 1
    error_message = "/shares/* must be read from S3 by each request, and nothing else may."
  }

  assert {
    condition = {
      for one in aws_cloudfront_distribution.this.origin : one.origin_id => one.domain_name
      } == {
      page   = "gallery-site-123456789012-eu-west-1.s3.eu-west-1.amazonaws.com"
      shares = "gallery-shares-123456789012-eu-west-1.s3.eu-west-1.amazonaws.com"
    }
    error_message = "The origins must be the two buckets."
  }

  assert {
    condition     = aws_cloudfront_origin_access_control.this.signing_behavior == "always"
    error_message = "CloudFront must sign every request."
  }
}

run "shared_files_are_sandboxed_downloads" {
  command = plan

  assert {
    condition = (
      aws_cloudfront_response_headers_policy.this["files"].security_headers_config[0].content_security_policy[0].content_security_policy == "default-src 'none'; sandbox" &&
      aws_cloudfront_response_headers_policy.this["files"].security_headers_config[0].content_security_policy[0].override &&
      aws_cloudfront_response_headers_policy.this["files"].security_headers_config[0].content_type_options[0].override
    )
    error_message = "Files must have the policies of file_headers, whatever S3 answers."
  }

  assert {
    condition = {
      for item in aws_cloudfront_response_headers_policy.this["files"].custom_headers_config[0].items : item.header => item.value if item.override
    } == { "Cache-Control" = "private, max-age=300", "Content-Disposition" = "attachment" }
    error_message = "Files must have the other headers of file_headers, whatever S3 answers."
  }
}

run "the_page_is_the_root" {
  command = plan

  assert {
    condition     = aws_cloudfront_distribution.this.default_root_object == "share.html" && aws_cloudfront_distribution.this.default_cache_behavior[0].target_origin_id == "page"
    error_message = "A link must open the page of shares."
  }

  assert {
    condition     = output.url == "https://d1234567890abc.cloudfront.net"
    error_message = "Without domain_name the URL must have CloudFront's domain."
  }
}

run "a_missing_share_returns_404" {
  command = plan

  assert {
    condition = (
      one(aws_cloudfront_distribution.this.custom_error_response).error_code == 403 &&
      one(aws_cloudfront_distribution.this.custom_error_response).response_code == 404
    )
    error_message = "S3's 403 must be returned as 404."
  }
}

run "a_custom_domain_requires_tls_1_2" {
  command = plan

  variables {
    certificate_arn = "arn:aws:acm:us-east-1:123456789012:certificate/1234abcd-12ab-34cd-56ef-1234567890ab"
    domain_name     = "shared.example.com"
  }

  assert {
    condition = (
      output.url == "https://shared.example.com" &&
      aws_cloudfront_distribution.this.aliases == toset(["shared.example.com"]) &&
      aws_cloudfront_distribution.this.viewer_certificate[0].minimum_protocol_version == "TLSv1.2_2021"
    )
    error_message = "The custom domain must use its certificate and TLS 1.2 or later."
  }
}
