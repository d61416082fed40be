mock_provider "aws" {
  mock_data "aws_iam_policy_document" {
    defaults = { json = "{\"Version\":\"2012-10-17\",\"Statement\":[]}" }
  }
}

variables {
  images_parameter = "/gallery/images"

  deployment = {
    account_id = "123456789012"
    dns_suffix = "amazonaws.com"
    partition  = "aws"
    region     = "eu-west-1"
  }
  repositories = {
    tag = {
      name         = "gallery-tag"
      function_arn = "arn:aws:lambda:eu-west-1:123456789012:function:gallery-tag"
    }
  }
}

run "refuses_a_repository_with_another_name_than_its_function" {
  command = plan

  variables {
    repositories = {
      tag = {
        name         = "tag"
        function_arn = "arn:aws:lambda:eu-west-1:123456789012:function:gallery-tag"
      }
    }
  }

  expect_failures = [var.repositories]
}
